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

static bool is_ascii(const char *text) {
        unsigned char all = 0;

        for (; *text; text++)
                all |= (unsigned char)*text;
        return all < 0x80;
}

int base64url_decode(const char *text, void *ret, size_t size) {
        size_t length = strlen(text), n;

        /* libsodium 1.0.18 takes any byte from 0x80 on for a letter */
        if (!is_ascii(text))
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

        if (length / 2 > MIN(size, (size_t)INT_MAX))
                return -ENOBUFS;
        if (sodium_hex2bin(ret, size, text, length, NULL, &n, NULL) < 0)
                return -EINVAL;
        return (int)n;
}

/* How many bytes the character at p takes, 0 when it is none. */
static size_t utf8_character(const uint8_t *p, size_t left) {
        size_t n = p[0] < 0x80   ? 1
                   : p[0] < 0xc2 ? 0
                   : p[0] < 0xe0 ? 2
                   : p[0] < 0xf0 ? 3
                   : p[0] < 0xf5 ? 4
                                 : 0;

        if (n == 0 || n > left)
                return 0;
        for (size_t i = 1; i < n; i++)
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
        if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90))
                return 0; /* overlong */
        if ((p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f))
                return 0; /* surrogate, beyond the last code point */
        return n;
}

bool utf8_is_valid(const char *text, size_t n) {
        const uint8_t *p = (const uint8_t *)text;

        while (n > 0) {
                size_t taken = utf8_character(p, n);

                if (taken == 0)
                        return false;
                p += taken;
                n -= taken;
        }
        return true;
}
