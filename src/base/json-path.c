/* A path becomes steps; a walk over the text knows at each value how many of them led to it. */
#include "base/json-path.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json-word.h"

#define STEPS_MAX (JSON_PATH_SIZE / 2) /* the shortest has two characters */
#define INDEX_MAX 999999999u

typedef struct Step {
        bool listed;   /* index, otherwise a name */
        uint8_t at, n; /* of the name in Path.names */
        uint32_t index;
} Step;

typedef struct Path {
        Step steps[STEPS_MAX];
        char names[JSON_PATH_SIZE];
        size_t n_steps, n_names;
} Path;

/* The path ------------------------------------------------------------------------------------- */

static bool in_plain_name(char c) {
        return (unsigned char)c > ' ' && c != '\x7f' && !strchr(".[]\"'", c);
}

static bool add_name(Path *p, const char *name, size_t n) {
        Step *s = &p->steps[p->n_steps++];

        *s = (Step){ .at = (uint8_t)p->n_names, .n = (uint8_t)n };
        memcpy(p->names + p->n_names, name, n);
        p->n_names += n;
        return n > 0;
}

static bool read_plain_name(Path *p, const char **at) {
        const char *begin = *at;

        while (in_plain_name(**at))
                (*at)++;
        return add_name(p, begin, (size_t)(*at - begin));
}

/* Up to the quote it began with, which is passed. */
static bool read_quoted_name(Path *p, const char **at) {
        char name[JSON_PATH_SIZE], quote = *(*at)++;
        size_t n = 0;

        for (; **at && **at != quote; (*at)++) {
                if (**at == '\\' && *++(*at) != '\\' && **at != quote)
                        return false;
                name[n++] = **at;
        }
        if (**at != quote)
                return false;
        (*at)++;
        return add_name(p, name, n) || n == 0;
}

static bool read_index(Path *p, const char **at) {
        const char *begin = *at;
        uint32_t index = 0;

        for (; **at >= '0' && **at <= '9' && index <= INDEX_MAX / 10; (*at)++)
                index = index * 10 + (uint32_t)(**at - '0');
        p->steps[p->n_steps++] = (Step){ .listed = true, .index = index };
        return *at > begin && (*begin != '0' || *at == begin + 1);
}

static bool read_bracket(Path *p, const char **at) {
        bool quoted = **at == '"' || **at == '\'';

        if (!(quoted ? read_quoted_name(p, at) : read_index(p, at)) || **at != ']')
                return false;
        (*at)++;
        return true;
}

/* *at is where it is no path any more. */
static bool read_path(Path *p, const char **at) {
        if (*(*at)++ != '$') {
                (*at)--;
                return false;
        }
        while (**at) {
                char mark = **at;

                if (mark != '.' && mark != '[')
                        return false;
                (*at)++;
                if (!(mark == '.' ? read_plain_name(p, at) : read_bracket(p, at)))
                        return false;
        }
        return true;
}

static int parse_path(const char *text, Path *ret, size_t *ret_offset) {
        size_t n = strlen(text);
        const char *at = text;
        bool whole;

        *ret = (Path){ 0 };
        whole = n < JSON_PATH_SIZE && utf8_is_valid(text, n) && read_path(ret, &at);
        if (!whole && ret_offset)
                *ret_offset = (size_t)(at - text);
        return whole ? 0 : -EINVAL;
}

int json_path_check(const char *path, size_t *ret_offset) {
        Path p;

        return parse_path(path, &p, ret_offset);
}

/* The text ------------------------------------------------------------------------------------- */

typedef struct Walk {
        JsonCursor at;
        const Path *path;
        unsigned depth;
        bool found;
        JsonValue value;
} Walk;

#define ASIDE SIZE_MAX /* no steps lead here */

static bool walk_value(Walk *w, size_t steps);

static bool peek(const Walk *w, char c) {
        return w->at.p < w->at.end && *w->at.p == c;
}

/* The string at c, which was skipped up to end, is this name. */
static bool is_name(const char *begin, const char *end, const char *name, size_t n) {
        JsonCursor inside = { begin + 1, end - 1 };
        char character[4];
        size_t used;

        while ((used = json_next_character(&inside, character)) > 0) {
                if (used > n || memcmp(character, name, used) != 0)
                        return false;
                name += used;
                n -= used;
        }
        return n == 0;
}

/* How many steps lead to a member or item of a value that `steps` lead to; what another one of that
 * name had is forgotten. */
static size_t step_on(Walk *w, size_t steps, bool leads) {
        if (!leads)
                return ASIDE;
        w->found = false;
        return steps + 1;
}

static const Step *next_step(const Walk *w, size_t steps) {
        return steps < w->path->n_steps ? &w->path->steps[steps] : NULL;
}

static bool walk_member(Walk *w, size_t steps) {
        const Step *s = next_step(w, steps);
        const char *begin = w->at.p, *end;

        if (!peek(w, '"') || !json_skip_string(&w->at))
                return false;
        end = w->at.p;
        json_skip_space(&w->at);
        if (!json_skip_mark(&w->at, ':'))
                return false;
        return walk_value(w, step_on(w, steps,
                                     s && !s->listed &&
                                                     is_name(begin, end, w->path->names + s->at,
                                                             s->n)));
}

static bool walk_item(Walk *w, size_t steps, size_t index) {
        const Step *s = next_step(w, steps);

        return walk_value(w, step_on(w, steps, s && s->listed && s->index == index));
}

/* From the bracket to its other one. */
static bool walk_inside(Walk *w, size_t steps, bool object) {
        char close = object ? '}' : ']';

        w->at.p++;
        json_skip_space(&w->at);
        if (json_skip_mark(&w->at, close))
                return true;
        for (size_t i = 0;; i++) {
                json_skip_space(&w->at);
                if (!(object ? walk_member(w, steps) : walk_item(w, steps, i)))
                        return false;
                if (json_skip_mark(&w->at, close))
                        return true;
                if (!json_skip_mark(&w->at, ','))
                        return false;
        }
}

static bool walk_nested(Walk *w, size_t steps, JsonKind kind) {
        bool whole;

        if (++w->depth > JSON_PATH_DEPTH_MAX)
                return false;
        whole = walk_inside(w, steps, kind == JSON_IS_OBJECT);
        w->depth--;
        return whole;
}

static JsonKind kind_of(char first) {
        switch (first) {
        case '{':
                return JSON_IS_OBJECT;
        case '[':
                return JSON_IS_LIST;
        case '"':
                return JSON_IS_STRING;
        case 't':
        case 'f':
                return JSON_IS_BOOL;
        case 'n':
                return JSON_IS_NULL;
        default:
                return JSON_IS_NUMBER;
        }
}

static bool walk_kind(Walk *w, size_t steps, JsonKind kind) {
        switch (kind) {
        case JSON_IS_OBJECT:
        case JSON_IS_LIST:
                return walk_nested(w, steps, kind);
        case JSON_IS_STRING:
                return json_skip_string(&w->at);
        case JSON_IS_BOOL:
                return json_skip_exact(&w->at, "true") || json_skip_exact(&w->at, "false");
        case JSON_IS_NULL:
                return json_skip_exact(&w->at, "null");
        default:
                return json_skip_number(&w->at);
        }
}

/* With the space around it. */
static bool walk_value(Walk *w, size_t steps) {
        const char *begin;
        JsonKind kind;

        json_skip_space(&w->at);
        if (w->at.p == w->at.end)
                return false;
        begin = w->at.p;
        kind = kind_of(*begin);
        if (!walk_kind(w, steps, kind))
                return false;
        if (steps == w->path->n_steps) {
                w->found = true;
                w->value = (JsonValue){ kind, begin, (size_t)(w->at.p - begin) };
        }
        json_skip_space(&w->at);
        return true;
}

int json_path_find(const char *path, const char *text, size_t n, JsonValue *ret) {
        Walk w = { .at = { text, text + n } };
        Path p;
        int r;

        r = parse_path(path, &p, NULL);
        if (r < 0)
                return r;
        w.path = &p;
        if (!utf8_is_valid(text, n) || !walk_value(&w, 0) || w.at.p != w.at.end)
                return -EBADMSG;
        if (w.found)
                *ret = w.value;
        return w.found;
}

int json_value_text(const JsonValue *v, char **ret) {
        JsonCursor inside = { v->text + 1, v->text + v->n - 1 };
        char *text = malloc(v->n + 1); /* no character is longer than it is written */
        size_t n = 0, used;

        if (!text)
                return -ENOMEM;
        if (v->kind == JSON_IS_STRING) {
                char character[4];

                while ((used = json_next_character(&inside, character)) > 0) {
                        memcpy(text + n, character, used);
                        n += used;
                }
        } else {
                memcpy(text, v->text, v->n);
                n = v->n;
        }
        text[n] = '\0';
        *ret = text;
        return 0;
}
