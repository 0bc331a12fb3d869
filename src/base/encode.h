/* Bytes as text: base64url without padding (RFC 4648, section 5), lower-case hex, and what is
 * UTF-8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters needed for n bytes, final NUL included. */
#define BASE64URL_SIZE(n) (((n)*4 + 2) / 3 + 1)
#define HEX_SIZE(n)       ((n)*2 + 1)

/* Returns ret, which holds at least BASE64URL_SIZE(n). */
char *base64url_encode(const void *bytes, size_t n, char *ret);
/* Decodes all of text into at most size bytes. The number of bytes; -EINVAL: a foreign character,
 * padding, or left-over bits that are not zero; -ENOBUFS: longer than size. */
int base64url_decode(const char *text, void *ret, size_t size);
char *hex_encode(const void *bytes, size_t n, char *ret);
int hex_decode(const char *text, void *ret, size_t size);

/* By RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is valid. */
bool utf8_is_valid(const char *text, size_t n);
