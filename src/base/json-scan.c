/* Why beside json-c: it silently keeps the last of two members with one name, ends names at an
 * escaped NUL, makes another character of half a pair of surrogates, and takes words that are no
 * JSON and a comma at a list's end. Two programs that read one text differently are a hole, so all
 * of it is refused here. */
#include "base/json-scan.h"

#include <errno.h>
#include <stdbool.h>

#include "base/encode.h"
#include "base/json-word.h"

typedef struct Scan {
        JsonCursor at;
        size_t members;
        unsigned depth;
} Scan;

/* What the comma before promised is not there. */
static bool is_end(JsonCursor at) {
        json_skip_space(&at);
        return at.p < at.end && (*at.p == '}' || *at.p == ']');
}

/* One bracket, separator or space. */
static bool scan_mark(Scan *s) {
        switch (*s->at.p++) {
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
                return !is_end(s->at);
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
        JsonCursor *c = &s->at;

        if (*c->p == '"')
                return json_skip_string(c);
        if (*c->p == '-' || (*c->p >= '0' && *c->p <= '9'))
                return json_skip_number(c);
        if (json_skip_exact(c, "true") || json_skip_exact(c, "false") || json_skip_exact(c, "null"))
                return true;
        return scan_mark(s);
}

int json_scan(const char *text, size_t n, size_t *ret_members) {
        Scan s = { .at = { .p = text, .end = text + n } };

        if (!utf8_is_valid(text, n))
                return -EBADMSG;
        while (s.at.p < s.at.end)
                if (!scan_word(&s))
                        return -EBADMSG;
        *ret_members = s.members;
        return 0;
}
