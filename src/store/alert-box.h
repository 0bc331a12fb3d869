/* Secrets of channels on their way to the hub, and settings that are secret: whoever knows the
 * public half of its key can seal them, and nobody but the hub can open them. Randomness is
 * libsodium's. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "store/store.h"

#define ALERT_BOX_KEY_SIZE 32
#define ALERT_SECRET_SIZE  32  /* of a webhook's */
#define ALERT_SEALED_SIZE  192 /* room for what is sealed, by whomever */
/* "whsec_" or "whpk_", base64 with padding, NUL. */
#define ALERT_SECRET_TEXT_SIZE 52

typedef struct AlertSealed {
        uint8_t bytes[ALERT_SEALED_SIZE];
        size_t n;
} AlertSealed;

typedef struct AlertBoxKeys {
        uint8_t public[ALERT_BOX_KEY_SIZE], secret[ALERT_BOX_KEY_SIZE];
} AlertBoxKeys;

/* A new secret for the channel with this id, and no other: as its receiver is told it, and sealed.
 * 0; -EIO: the library cannot be used; -EINVAL: nothing can be sealed with such a key. */
int alert_box_new_secret(const uint8_t key[static ALERT_BOX_KEY_SIZE], const Uuid *channel,
                         char ret_text[static ALERT_SECRET_TEXT_SIZE], AlertSealed *ret);
/* For the hub. 0; -EBADMSG: sealed to another key, for another channel, not so, or damaged. */
int alert_box_open(const AlertBoxKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                   uint8_t ret[static ALERT_SECRET_SIZE]);

/* Settings as one text, for the channel with this id. *ret is freed by the caller. 0; -EIO and
 * -EINVAL as above; -ENOMEM. */
int alert_box_seal_words(const uint8_t key[static ALERT_BOX_KEY_SIZE], const Uuid *channel,
                         const char *words, uint8_t **ret, size_t *ret_n);
/* For the hub: *ret is to be wiped before it is freed. 0; -EBADMSG as above; -ENOMEM. */
int alert_box_open_words(const AlertBoxKeys *k, const Uuid *channel, const uint8_t *sealed,
                         size_t n, char **ret);

/* As receivers are told: whsec_ of a secret. */
char *alert_secret_text(const uint8_t bytes[static ALERT_SECRET_SIZE],
                        char ret[static ALERT_SECRET_TEXT_SIZE]);

typedef struct AlertBoxRow {
        uint8_t key[ALERT_BOX_KEY_SIZE];
} AlertBoxRow;

typedef void (*AlertBoxRows)(int r, const AlertBoxRow *rows, size_t n, void *userdata);

/* The hub's, one row. -ENOENT: no hub has published one yet. */
int alert_box_load(Store *s, AlertBoxRows callback, void *userdata, StoreCall **ret);
/* Publishes it. */
int alert_box_publish(Store *s, const uint8_t key[static ALERT_BOX_KEY_SIZE], StoreDone done,
                      void *userdata, StoreCall **ret);

extern const PqStatement *const alert_box_statements[];
