/* Words of JSON. A NUL would end a text early in C; half a pair of surrogates is a character to
 * some, another one to others. */
#include "base/json-word.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

bool json_skip_exact(JsonCursor *c, const char *word) {
        size_t n = strlen(word);

        if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
                return false;
        c->p += n;
        return true;
}

static bool scan_one_of(JsonCursor *c, const char *set) {
        if (c->p == c->end || !*c->p || !strchr(set, *c->p))
                return false;
        c->p++;
        return true;
}

static bool scan_digits(JsonCursor *c) {
        const char *start = c->p;

        while (c->p < c->end && is_digit(*c->p))
                c->p++;
        return c->p > start;
}

bool json_skip_number(JsonCursor *c) {
        json_skip_mark(c, '-');
        if (!json_skip_mark(c, '0') && !scan_digits(c))
                return false;
        if (json_skip_mark(c, '.') && !scan_digits(c))
                return false;
        if (json_skip_mark(c, 'e') || json_skip_mark(c, 'E')) {
                scan_one_of(c, "+-");
                if (!scan_digits(c))
                        return false;
        }
        return c->p == c->end || !is_digit(*c->p); /* 01 */
}

/* Four digits. -EBADMSG: they are none. */
static int scan_unit(JsonCursor *c) {
        int unit = 0;

        for (unsigned i = 0; i < 4; i++, c->p++) {
                if (c->p == c->end || !isxdigit((unsigned char)*c->p))
                        return -EBADMSG;
                unit = unit * 16 + (is_digit(*c->p) ? *c->p - '0' : (*c->p | 0x20) - 'a' + 10);
        }
        return unit;
}

static bool scan_unicode(JsonCursor *c) {
        int unit = scan_unit(c);

        if (unit >= 0xd800 && unit < 0xdc00) {
                unit = json_skip_exact(c, "\\u") ? scan_unit(c) : 0;
                return unit >= 0xdc00 && unit < 0xe000;
        }
        return unit > 0 && (unit < 0xdc00 || unit >= 0xe000);
}

static bool scan_escape(JsonCursor *c) {
        return json_skip_mark(c, 'u') ? scan_unicode(c) : scan_one_of(c, "\"\\/bfnrt");
}

bool json_skip_string(JsonCursor *c) {
        c->p++;
        while (c->p < c->end) {
                unsigned char byte = (unsigned char)*c->p++;

                if (byte == '"')
                        return true;
                if (byte < ' ')
                        return false;
                if (byte == '\\' && !scan_escape(c))
                        return false;
        }
        return false;
}

static size_t put_utf8(unsigned character, char ret[static 4]) {
        static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        size_t n = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

        for (size_t i = n - 1; i > 0; i--, character >>= 6)
                ret[i] = (char)(0x80 | (character & 0x3f));
        ret[0] = (char)(leads[n] | character);
        return n;
}

static unsigned next_unicode(JsonCursor *c) {
        unsigned unit = (unsigned)scan_unit(c);

        if (unit < 0xd800 || unit >= 0xdc00)
                return unit;
        c->p += 2; /* the backslash and the u before the other half */
        return 0x10000 + ((unit - 0xd800) << 10) + ((unsigned)scan_unit(c) - 0xdc00);
}

static char unescape(char c) {
        static const char letters[] = "bfnrt", means[] = "\b\f\n\r\t";
        const char *at = strchr(letters, c);

        return at ? means[at - letters] : c;
}

size_t json_next_character(JsonCursor *inside, char ret[static 4]) {
        if (inside->p == inside->end)
                return 0;
        ret[0] = *inside->p++;
        if (ret[0] != '\\')
                return 1;
        ret[0] = *inside->p++;
        if (ret[0] == 'u')
                return put_utf8(next_unicode(inside), ret);
        ret[0] = unescape(ret[0]);
        return 1;
}
