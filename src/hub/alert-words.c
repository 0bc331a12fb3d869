/* secretbox; the channel's id is inside, before the text. */
#include "hub/alert-words.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define CONTEXT  "dpinword"
#define SUBKEY   1
#define ID_SIZE  sizeof(((Uuid *)0)->bytes)
#define NONCE    crypto_secretbox_NONCEBYTES
#define OVERHEAD (NONCE + crypto_secretbox_MACBYTES)

static void derive(const AlertKeys *k, uint8_t ret[static crypto_secretbox_KEYBYTES]) {
        (void)crypto_kdf_derive_from_key(ret, crypto_secretbox_KEYBYTES, SUBKEY, CONTEXT, k->seal);
}

int alert_words_seal(const AlertKeys *k, const Uuid *channel, const char *words, uint8_t **ret,
                     size_t *ret_n) {
        size_t length = strlen(words), n = ID_SIZE + length;
        uint8_t key[crypto_secretbox_KEYBYTES], *sealed = malloc(OVERHEAD + n), *plain;

        if (!sealed)
                return -ENOMEM;
        plain = sealed + NONCE;
        randombytes_buf(sealed, NONCE);
        memcpy(plain, channel->bytes, ID_SIZE);
        memcpy(plain + ID_SIZE, words, length);
        derive(k, key);
        (void)crypto_secretbox_easy(plain, plain, n, sealed, key); /* in its own place */
        sodium_memzero(key, sizeof(key));
        *ret = sealed;
        *ret_n = OVERHEAD + n;
        return 0;
}

static int open_box(const AlertKeys *k, const uint8_t *sealed, size_t n, uint8_t *plain) {
        uint8_t key[crypto_secretbox_KEYBYTES];
        int r;

        derive(k, key);
        r = crypto_secretbox_open_easy(plain, sealed + NONCE, n - NONCE, sealed, key);
        sodium_memzero(key, sizeof(key));
        return r < 0 ? -EBADMSG : 0;
}

static int open_own(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                    char **ret) {
        size_t length = n - OVERHEAD - ID_SIZE;
        uint8_t *plain;
        int r;

        if (n < OVERHEAD + ID_SIZE)
                return -EBADMSG;
        plain = calloc(1, ID_SIZE + length + 1);
        if (!plain)
                return -ENOMEM;
        r = open_box(k, sealed, n, plain);
        if (r >= 0 &&
            (memcmp(plain, channel->bytes, ID_SIZE) != 0 || memchr(plain + ID_SIZE, '\0', length)))
                r = -EBADMSG;
        if (r < 0) {
                sodium_memzero(plain, ID_SIZE + length);
                free(plain);
                return r;
        }
        memmove(plain, plain + ID_SIZE, length);
        sodium_memzero(plain + length, ID_SIZE);
        *ret = (char *)plain;
        return 0;
}

/* Either form is opened by its own key only, so trying both takes none for the other. */
int alert_words_open(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                     char **ret) {
        int r = open_own(k, channel, sealed, n, ret);

        return r == -EBADMSG ? alert_box_open_words(&k->box, channel, sealed, n, ret) : r;
}

char *alert_words_wipe(char *words) {
        if (words)
                sodium_memzero(words, strlen(words));
        free(words);
        return NULL;
}
