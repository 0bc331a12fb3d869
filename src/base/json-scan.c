/* Why beside json-c: it silently keeps the last of two members with one name, ends names at an
 * escaped NUL, makes another character of half a pair of surrogates, and takes words that are no
 * JSON and a comma at a list's end. Two programs that read one text differently are a hole, so all
 * of it is refused here. */
#include "base/json-scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/encode.h"

typedef struct Scan {
        const char *p, *end;
        size_t members;
        unsigned depth;
} Scan;

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool scan_exact(Scan *s, const char *word) {
        size_t n = strlen(word);

        if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
                return false;
        s->p += n;
        return true;
}

static bool scan_one_of(Scan *s, const char *set) {
        if (s->p == s->end || !*s->p || !strchr(set, *s->p))
                return false;
        s->p++;
        return true;
}

static bool scan_digits(Scan *s) {
        const char *start = s->p;

        while (s->p < s->end && is_digit(*s->p))
                s->p++;
        return s->p > start;
}

static bool scan_number(Scan *s) {
        scan_exact(s, "-");
        if (!scan_exact(s, "0") && !scan_digits(s))
                return false;
        if (scan_exact(s, ".") && !scan_digits(s))
                return false;
        if (scan_one_of(s, "eE")) {
                scan_one_of(s, "+-");
                if (!scan_digits(s))
                        return false;
        }
        return s->p == s->end || !is_digit(*s->p); /* 01 */
}

/* Four digits. -EBADMSG: they are none. */
static int scan_unit(Scan *s) {
        int unit = 0;

        for (unsigned i = 0; i < 4; i++, s->p++) {
                if (s->p == s->end || !isxdigit((unsigned char)*s->p))
                        return -EBADMSG;
                unit = unit * 16 + (is_digit(*s->p) ? *s->p - '0' : (*s->p | 0x20) - 'a' + 10);
        }
        return unit;
}

/* A NUL would end the text early in C; half a pair of surrogates is a character to some, another
 * one to others. */
static bool scan_unicode(Scan *s) {
        int unit = scan_unit(s);

        if (unit >= 0xd800 && unit < 0xdc00) {
                unit = scan_exact(s, "\\u") ? scan_unit(s) : 0;
                return unit >= 0xdc00 && unit < 0xe000;
        }
        return unit > 0 && (unit < 0xdc00 || unit >= 0xe000);
}

static bool scan_escape(Scan *s) {
        return scan_exact(s, "u") ? scan_unicode(s) : scan_one_of(s, "\"\\/bfnrt");
}

static bool scan_string(Scan *s) {
        s->p++;
        while (s->p < s->end) {
                unsigned char c = (unsigned char)*s->p++;

                if (c == '"')
                        return true;
                if (c < ' ')
                        return false;
                if (c == '\\' && !scan_escape(s))
                        return false;
        }
        return false;
}

/* What the comma before promised is not there. */
static bool is_end(const Scan *s) {
        const char *p = s->p;

        while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
                p++;
        return p < s->end && (*p == '}' || *p == ']');
}

/* One bracket, separator or space. */
static bool scan_mark(Scan *s) {
        switch (*s->p++) {
        case '{':
        case '[':
                return ++s->depth <= JSON_DEPTH_MAX;
        case '}':
        case ']':
                return s->depth-- > 0;
        case ':':
                s->members++;
                return true;
        case ',':
                return !is_end(s);
        case ' ':
        case '\t':
        case '\n':
        case '\r':
                return true;
        default:
                return false;
        }
}

static bool scan_word(Scan *s) {
        if (*s->p == '"')
                return scan_string(s);
        if (*s->p == '-' || is_digit(*s->p))
                return scan_number(s);
        if (scan_exact(s, "true") || scan_exact(s, "false") || scan_exact(s, "null"))
                return true;
        return scan_mark(s);
}

int json_scan(const char *text, size_t n, size_t *ret_members) {
        Scan s = { .p = text, .end = text + n };

        if (!utf8_is_valid(text, n))
                return -EBADMSG;
        while (s.p < s.end)
                if (!scan_word(&s))
                        return -EBADMSG;
        *ret_members = s.members;
        return 0;
}
