/* Builds JSON text, by table or step by step. Needs no tree: text is appended as it comes, and what
 * would not be read back (two roots, a name in an array, invalid UTF-8, numbers a JavaScript reader
 * would round) is an error. */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/json-scan.h"
#include "base/macro.h"

#define NUMBER_MAX ((INT64_C(1) << 53) - 1)

struct JsonWriter {
        char *text;
        size_t n, size;
        int error;  /* the first one; nothing is appended after it */
        bool comma; /* the container has a value already */
        unsigned depth;
        char closers[JSON_DEPTH_MAX]; /* of the open containers */
};

int json_writer_new(JsonWriter **ret) {
        JsonWriter *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        *ret = w;
        return 0;
}

JsonWriter *json_writer_free(JsonWriter *w) {
        if (!w)
                return NULL;
        free(w->text);
        free(w);
        return NULL;
}

static void fail(JsonWriter *w, int error) {
        if (w->error == 0)
                w->error = error;
}

static void append(JsonWriter *w, const char *text, size_t n) {
        if (w->error < 0)
                return;
        if (w->n + n >= w->size) {
                size_t size = MAX(w->size * 2, w->n + n + 64);
                char *grown = realloc(w->text, size);

                if (!grown)
                        return fail(w, -ENOMEM);
                w->text = grown;
                w->size = size;
        }
        memcpy(w->text + w->n, text, n);
        w->n += n;
        w->text[w->n] = '\0';
}

static void append_text(JsonWriter *w, const char *text) {
        append(w, text, strlen(text));
}

static bool is_plain(char c) {
        return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

static void append_quoted(JsonWriter *w, const char *text, size_t n) {
        if (!utf8_is_valid(text, n))
                return fail(w, -EINVAL);
        append(w, "\"", 1);
        for (size_t i = 0; i < n;) {
                char escape[sizeof("\\u0000")];
                size_t run = i;

                while (run < n && is_plain(text[run]))
                        run++;
                append(w, text + i, run - i);
                if (run < n) {
                        snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)text[run]);
                        append_text(w, escape);
                        run++;
                }
                i = run;
        }
        append(w, "\"", 1);
}

/* Comma and name before a value: a name in objects, none elsewhere, and one outermost value. */
static void begin(JsonWriter *w, const char *name) {
        bool in_object = w->depth > 0 && w->closers[w->depth - 1] == '}';

        if (in_object != (name != NULL) || (w->depth == 0 && w->n > 0))
                fail(w, -EINVAL);
        if (w->comma)
                append(w, ",", 1);
        if (name) {
                append_quoted(w, name, strlen(name));
                append(w, ":", 1);
        }
        w->comma = true;
}

static void open_container(JsonWriter *w, const char *name, char opener, char closer) {
        begin(w, name);
        if (w->depth == JSON_DEPTH_MAX)
                return fail(w, -EINVAL);
        append(w, &opener, 1);
        w->closers[w->depth++] = closer;
        w->comma = false;
}

void json_writer_open_object(JsonWriter *w, const char *name) {
        open_container(w, name, '{', '}');
}

void json_writer_open_array(JsonWriter *w, const char *name) {
        open_container(w, name, '[', ']');
}

void json_writer_close(JsonWriter *w) {
        if (w->depth == 0)
                return fail(w, -EINVAL);
        append(w, &w->closers[--w->depth], 1);
        w->comma = true;
}

void json_writer_raw(JsonWriter *w, const char *name, const char *json) {
        begin(w, name);
        append_text(w, json);
}

void json_writer_string(JsonWriter *w, const char *name, const char *value) {
        if (!value)
                return json_writer_raw(w, name, "null");
        begin(w, name);
        append_quoted(w, value, strlen(value));
}

void json_writer_number(JsonWriter *w, const char *name, int64_t value) {
        char text[24];

        if (value > NUMBER_MAX || value < -NUMBER_MAX)
                fail(w, -ERANGE);
        snprintf(text, sizeof(text), "%lld", (long long)value);
        json_writer_raw(w, name, text);
}

/* A program may have set a locale whose decimal point is no point. */
static void force_point(char *text) {
        char *to = text;

        for (const char *p = text; *p; p++) {
                if (strchr("0123456789+-e", *p))
                        *to++ = *p;
                else if (to[-1] != '.')
                        *to++ = '.';
        }
        *to = '\0';
}

void json_writer_real(JsonWriter *w, const char *name, double value) {
        char text[40];

        if (!isfinite(value))
                return json_writer_raw(w, name, "null");
        snprintf(text, sizeof(text), "%.15g", value);
        if (strtod(text, NULL) != value)
                snprintf(text, sizeof(text), "%.17g", value);
        force_point(text);
        json_writer_raw(w, name, text);
}

void json_writer_bool(JsonWriter *w, const char *name, bool value) {
        json_writer_raw(w, name, value ? "true" : "false");
}

void json_writer_base64(JsonWriter *w, const char *name, const void *bytes, size_t n) {
        _cleanup_free_ char *text = malloc(BASE64URL_SIZE(n));

        if (!text)
                return fail(w, -ENOMEM);
        json_writer_string(w, name, base64url_encode(bytes, n, text));
}

int json_writer_take(JsonWriter *w, char **ret) {
        if (w->error < 0)
                return w->error;
        if (w->depth > 0 || w->n == 0)
                return -EINVAL;
        *ret = TAKE_PTR(w->text);
        *w = (JsonWriter){ 0 };
        return 0;
}

typedef void (*FieldWriter)(JsonWriter *w, const JsonField *f, const void *member);

static void write_members(JsonWriter *w, const JsonField *fields, const void *value);

static void write_string(JsonWriter *w, const JsonField *f, const void *member) {
        size_t n = strnlen(member, f->size);

        if (n == f->size)
                fail(w, -EINVAL);
        begin(w, f->name);
        append_quoted(w, member, n);
}

static void write_text(JsonWriter *w, const JsonField *f, const void *member) {
        const char *text = *(char *const *)member;

        json_writer_string(w, f->name, text ? text : "");
}

static void write_raw(JsonWriter *w, const JsonField *f, const void *member) {
        const char *text = *(char *const *)member;

        json_writer_raw(w, f->name, text ? text : "{}");
}

static void write_u64(JsonWriter *w, const JsonField *f, const void *member) {
        uint64_t value = *(const uint64_t *)member;
        char text[24];

        if (value > INT64_MAX)
                fail(w, -ERANGE);
        snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
        json_writer_string(w, f->name, text);
}

static void write_number(JsonWriter *w, const JsonField *f, const void *member) {
        json_writer_number(w, f->name, *(const int64_t *)member);
}

static void write_bool(JsonWriter *w, const JsonField *f, const void *member) {
        json_writer_bool(w, f->name, *(const bool *)member);
}

static void write_fixed(JsonWriter *w, const JsonField *f, const void *member) {
        json_writer_base64(w, f->name, member, f->size);
}

static void write_bytes(JsonWriter *w, const JsonField *f, const void *member) {
        const JsonBytes *bytes = member;

        json_writer_base64(w, f->name, bytes->data, bytes->n);
}

static void write_nested(JsonWriter *w, const JsonField *f, const void *member) {
        json_writer_open_object(w, f->name);
        write_members(w, f->fields, member);
        json_writer_close(w);
}

static void write_array(JsonWriter *w, const JsonField *f, const void *member) {
        const JsonArray *array = member;

        json_writer_open_array(w, f->name);
        for (size_t i = 0; i < array->n; i++) {
                json_writer_open_object(w, NULL);
                write_members(w, f->fields, (const char *)array->items + i * f->size);
                json_writer_close(w);
        }
        json_writer_close(w);
}

static void write_strings(JsonWriter *w, const JsonField *f, const void *member) {
        const JsonStrings *strings = member;

        json_writer_open_array(w, f->name);
        for (size_t i = 0; i < strings->n; i++)
                json_writer_string(w, NULL, strings->items[i]);
        json_writer_close(w);
}

static const FieldWriter writers[] = {
        [JSON_STRING] = write_string, [JSON_U64] = write_u64,     [JSON_NUMBER] = write_number,
        [JSON_BOOL] = write_bool,     [JSON_FIXED] = write_fixed, [JSON_BYTES] = write_bytes,
        [JSON_OBJECT] = write_nested, [JSON_ARRAY] = write_array, [JSON_STRINGS] = write_strings,
        [JSON_TEXT] = write_text,     [JSON_RAW] = write_raw,
};

static bool is_zero(const void *bytes, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (((const uint8_t *)bytes)[i])
                        return false;
        return true;
}

/* What an absent member leaves in a zeroed struct. */
static bool is_absent(const JsonField *f, const void *member) {
        switch (f->type) {
        case JSON_STRING:
                return *(const char *)member == '\0';
        case JSON_TEXT:
        case JSON_RAW:
                return !*(char *const *)member;
        case JSON_U64:
        case JSON_NUMBER:
                return is_zero(member, sizeof(uint64_t));
        case JSON_BOOL:
                return !*(const bool *)member;
        case JSON_FIXED:
                return is_zero(member, f->size);
        case JSON_BYTES:
                return !((const JsonBytes *)member)->data;
        case JSON_ARRAY:
                return !((const JsonArray *)member)->items;
        case JSON_STRINGS:
                return !((const JsonStrings *)member)->items;
        case JSON_OBJECT:
                for (const JsonField *nested = f->fields; nested->name; nested++)
                        if (!is_absent(nested, (const char *)member + nested->offset))
                                return false;
                return true;
        }
        return false;
}

static void write_members(JsonWriter *w, const JsonField *fields, const void *value) {
        for (const JsonField *f = fields; f->name; f++) {
                const void *member = (const char *)value + f->offset;

                if (!f->optional || !is_absent(f, member))
                        writers[f->type](w, f, member);
        }
}

int json_write(const JsonField *fields, const void *value, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;
        json_writer_open_object(w, NULL);
        write_members(w, fields, value);
        json_writer_close(w);
        return json_writer_take(w, ret);
}
