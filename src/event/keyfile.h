/* A program's own ed25519 key: from a systemd credential, else PRIVATE_KEY, else a file of mode
 * 0600 that is made at first start. */
#pragma once

#include "wire/sign.h"

typedef enum KeySource {
        KEY_CREDENTIAL,
        KEY_ENVIRONMENT,
        KEY_FILE,
        KEY_CREATED, /* a new key was written to the file */
} KeySource;

/* PRIVATE_KEY is removed from the environment in any case, so that no child inherits it. source,
 * set also to what failed, may be NULL. 0; -EPERM: the file is accessible to others; -EINVAL,
 * -EKEYREJECTED: no key in the right form (sign_key_from_text()); other errors are the file's. */
int keyfile_load(const char *credential, const char *path, SignKey **ret, KeySource *source);
/* The same for 32 random bytes of its own, written in base64url, without the variable. -EINVAL: it
 * is not that. */
#define KEYFILE_SEED_SIZE 32
int keyfile_load_seed(const char *credential, const char *path,
                      uint8_t ret[static KEYFILE_SEED_SIZE], KeySource *source);
const char *key_source_name(KeySource s);
/* What such an error means, as the end of a sentence about the key. */
const char *keyfile_error(int r);
