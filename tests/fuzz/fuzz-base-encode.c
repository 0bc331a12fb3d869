/* Any text as base64url and hex, any bytes as either: decoding is the inverse of encoding, and
 * refuses every second spelling. */
#include <strings.h>

#include "base/encode.h"
#include "property.h"

typedef char *(*Encode)(const void *bytes, size_t n, char *ret);
typedef int (*Decode)(const char *text, void *ret, size_t size);

static void check_text(const char *text, Encode encode, Decode decode) {
        size_t size = strlen(text);
        _cleanup_free_ uint8_t *bytes = malloc(size + 1);
        _cleanup_free_ char *again = malloc(HEX_SIZE(size));
        int n;

        PROPERTY(bytes && again);
        n = decode(text, bytes, size);
        if (n < 0)
                return;
        PROPERTY(strcasecmp(encode(bytes, (size_t)n, again), text) == 0);
        PROPERTY(encode == hex_encode || strcmp(again, text) == 0);
        PROPERTY(n == 0 || decode(text, bytes, (size_t)n - 1) < 0);
        PROPERTY(decode(text, bytes, (size_t)n) == n);
}

static void check_bytes(const uint8_t *data, size_t size, Encode encode, Decode decode) {
        _cleanup_free_ uint8_t *bytes = malloc(size + 1);
        _cleanup_free_ char *text = malloc(HEX_SIZE(size));

        PROPERTY(bytes && text);
        PROPERTY(decode(encode(data, size, text), bytes, size) == (int)size);
        PROPERTY(memcmp(bytes, data, size) == 0);
}

/* A character at the front by the letter of RFC 3629; its length, or 0. */
static size_t character(const uint8_t *c, size_t n) {
        size_t length = c[0] < 0x80 ? 1 : c[0] >> 5 == 6 ? 2 : c[0] >> 4 == 14 ? 3 : 4;
        uint32_t point = length == 1 ? c[0] : c[0] & (0x7fu >> length);
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

        if (length > n || (length == 4 && c[0] >> 3 != 30))
                return 0;
        for (size_t i = 1; i < length; i++) {
                if (c[i] >> 6 != 2)
                        return 0;
                point = point << 6 | (c[i] & 0x3f);
        }
        if (point < least[length] || point > 0x10ffff || point >> 11 == 27)
                return 0;
        return length;
}

static bool is_utf8(const uint8_t *data, size_t size) {
        size_t n;

        for (; size > 0; data += n, size -= n) {
                n = character(data, size);
                if (n == 0)
                        return false;
        }
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);

        check_text(text, base64url_encode, base64url_decode);
        check_text(text, hex_encode, hex_decode);
        check_bytes((uint8_t *)text, size, base64url_encode, base64url_decode);
        check_bytes((uint8_t *)text, size, hex_encode, hex_decode);
        PROPERTY(utf8_is_valid(text, size) == is_utf8((uint8_t *)text, size));
        return 0;
}
