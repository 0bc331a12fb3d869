/* Bytes as text, by libsodium, which takes the same time for every value: keys pass here too. */
#include "base/encode.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <string.h>

#include "base/macro.h"

char *base64url_encode(const void *bytes, size_t n, char *ret) {
        return sodium_bin2base64(ret, BASE64URL_SIZE(n), bytes, n,
                                 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int base64url_decode(const char *text, void *ret, size_t size) {
        size_t length = strlen(text), n;

        if (length % 4 == 1)
                return -EINVAL;
        if (length / 4 * 3 + length % 4 * 3 / 4 > MIN(size, (size_t)INT_MAX))
                return -ENOBUFS;
        /* refuses left-over bits that are not zero, so two texts never name the same bytes */
        if (sodium_base642bin(ret, size, text, length, NULL, &n, NULL,
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING) < 0)
                return -EINVAL;
        return (int)n;
}

char *hex_encode(const void *bytes, size_t n, char *ret) {
        return sodium_bin2hex(ret, HEX_SIZE(n), bytes, n);
}

int hex_decode(const char *text, void *ret, size_t size) {
        size_t length = strlen(text), n;

        if (length % 2)
                return -EINVAL;
        if (length / 2 > MIN(size, (size_t)INT_MAX))
                return -ENOBUFS;
        if (sodium_hex2bin(ret, size, text, length, NULL, &n, NULL) < 0)
                return -EINVAL;
        return (int)n;
}
