/* What alerts are sealed and signed with. One key of the hub's, in no database, opens the secrets
 * of channels and is the seed of the key by which receivers know this hub; of each webhook there
 * are one or two secrets that its receiver knows as well. Randomness is libsodium's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "store/alert-box.h"

#define ALERT_KEY_SIZE 32
/* "v1,BASE64 v1,BASE64 v1a,BASE64", NUL. */
#define ALERT_SIGNATURES_SIZE 196

typedef struct AlertKeys {
        uint8_t seal[32];
        uint8_t sign[64], public[32]; /* ed25519 */
        AlertBoxKeys box;             /* for what others seal */
} AlertKeys;

typedef struct AlertSecrets {
        uint8_t bytes[2][ALERT_SECRET_SIZE]; /* the current one, the one before it */
        unsigned n;
} AlertSecrets;

/* 0; -EIO: the library cannot be used. */
int alert_keys_derive(const uint8_t key[static ALERT_KEY_SIZE], AlertKeys *ret);
void alert_keys_wipe(AlertKeys *k);

/* A new current secret; what was current becomes the one before it. */
void alert_secrets_renew(AlertSecrets *s);
void alert_secrets_wipe(AlertSecrets *s);
/* Of the channel with this id, and of no other. */
void alert_secrets_seal(const AlertKeys *k, const Uuid *channel, const AlertSecrets *s,
                        AlertSealed *ret);
/* Sealed by the hub, or by others for it. 0; -EBADMSG: sealed by another key, for another channel,
 * or damaged. */
int alert_secrets_open(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                       AlertSecrets *ret);
/* Puts the one before it, which is sealed by itself, beside the current one. As above, and then
 * *s is what it was. */
int alert_secrets_open_former(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed,
                              size_t n, AlertSecrets *s);

/* As receivers are told: whpk_ of the hub's public key. */
char *alert_public_text(const AlertKeys *k, char ret[static ALERT_SECRET_TEXT_SIZE]);

/* What is signed: ID.TIMESTAMP.BODY of Standard Webhooks. */
typedef struct AlertSigned {
        const char *id, *timestamp, *body;
} AlertSigned;

/* The value of webhook-signature; former: by both secrets. 0; -ENOMEM. */
int alert_sign(const AlertKeys *k, const AlertSecrets *s, bool former, const AlertSigned *what,
               char ret[static ALERT_SIGNATURES_SIZE]);
