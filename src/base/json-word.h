/* One word of a JSON text after the other, strictly by RFC 8259: what json-scan and json-path are
 * made of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct JsonCursor {
        const char *p, *end;
} JsonCursor;

static inline bool json_skip_mark(JsonCursor *c, char mark) {
        if (c->p == c->end || *c->p != mark)
                return false;
        c->p++;
        return true;
}

static inline void json_skip_space(JsonCursor *c) {
        while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
                c->p++;
}

/* Each moves on over one word that stands at c->p; false: it is none, and c->p is anywhere. A NUL
 * in every form and half a pair of surrogates are refused in a string. */
bool json_skip_exact(JsonCursor *c, const char *word);
bool json_skip_number(JsonCursor *c);
bool json_skip_string(JsonCursor *c);

/* The next character of a string that was skipped, without its quotes: its UTF-8 bytes, 1 to 4, 0
 * at the end. */
size_t json_next_character(JsonCursor *inside, char ret[static 4]);
