/* UUIDs as bytes and text. Where they come from in the database is the store's business. */
#include "base/id.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/encode.h"

/* Where the hyphens stand in the text form. */
static bool is_hyphen_place(size_t i) {
        return i == 8 || i == 13 || i == 18 || i == 23;
}

Uuid uuid7_new(usec_t realtime) {
        uint64_t ms = realtime / USEC_PER_MSEC;
        Uuid u;

        randombytes_buf(u.bytes, sizeof(u.bytes));
        for (size_t i = 0; i < 6; i++)
                u.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
        u.bytes[6] = (uint8_t)(0x70 | (u.bytes[6] & 0x0f)); /* version 7 */
        u.bytes[8] = (uint8_t)(0x80 | (u.bytes[8] & 0x3f)); /* variant of RFC 9562 */
        return u;
}

int uuid_parse(const char *text, Uuid *ret) {
        char hex[HEX_SIZE(sizeof(ret->bytes))];
        size_t n = 0;
        Uuid u;

        if (strnlen(text, UUID_TEXT_SIZE) != UUID_TEXT_SIZE - 1)
                return -EINVAL;
        for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++) {
                if (is_hyphen_place(i) != (text[i] == '-'))
                        return -EINVAL;
                if (text[i] != '-')
                        hex[n++] = text[i];
        }
        hex[n] = '\0';
        if (hex_decode(hex, u.bytes, sizeof(u.bytes)) != sizeof(u.bytes))
                return -EINVAL;
        *ret = u;
        return 0;
}

const char *uuid_format(const Uuid *u, char ret[static UUID_TEXT_SIZE]) {
        char hex[HEX_SIZE(sizeof(u->bytes))];
        size_t n = 0;

        hex_encode(u->bytes, sizeof(u->bytes), hex);
        for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++)
                ret[i] = is_hyphen_place(i) ? '-' : hex[n++];
        ret[UUID_TEXT_SIZE - 1] = '\0';
        return ret;
}

bool uuid_equal(const Uuid *a, const Uuid *b) {
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
