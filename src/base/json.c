/* Reads JSON into structs by table. json-c builds the tree; json-scan has refused before what
 * json-c would let pass. Its own strict mode is not used: that of 0.18 takes no character outside
 * ASCII. */
#include "base/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "base/encode.h"
#include "base/json-scan.h"
#include "base/macro.h"

#define NUMBER_MAX ((INT64_C(1) << 53) - 1)

typedef int (*FieldReader)(const JsonField *f, json_object *v, void *member, const char **error);

static int read_object(const JsonField *fields, json_object *o, void *ret, const char **error);

static json_object *tree_free(json_object *o) {
        json_object_put(o);
        return NULL;
}
DEFINE_FREEP(json_object, tree_free);

static json_tokener *tokener_free(json_tokener *t) {
        if (t)
                json_tokener_free(t);
        return NULL;
}
DEFINE_FREEP(json_tokener, tokener_free);

static size_t count_members(json_object *o) {
        size_t n = 0;

        if (json_object_is_type(o, json_type_object)) {
                json_object_object_foreach(o, name, member) {
                        (void)name;
                        n += 1 + count_members(member);
                }
        } else if (json_object_is_type(o, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(o); i++)
                        n += count_members(json_object_array_get_idx(o, i));
        }
        return n;
}

static bool is_space(const char *p, const char *end) {
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
                p++;
        return p == end;
}

static int parse(const char *text, size_t n, json_object **ret, const char **error) {
        _cleanup_(tokener_freep) json_tokener *tokener = NULL;
        _cleanup_(tree_freep) json_object *tree = NULL;
        size_t n_members;

        *error = "not a strict JSON object";
        if (n > INT_MAX || json_scan(text, n, &n_members) < 0)
                return -EBADMSG;
        tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
        if (!tokener)
                return -ENOMEM;
        tree = json_tokener_parse_ex(tokener, text, (int)n);
        if (!json_object_is_type(tree, json_type_object) ||
            !is_space(text + json_tokener_get_parse_end(tokener), text + n))
                return -EBADMSG;
        if (count_members(tree) != n_members) { /* the tree keeps the last of one name */
                *error = "duplicate member";
                return -EBADMSG;
        }
        *error = NULL;
        *ret = TAKE_PTR(tree);
        return 0;
}

static int copy_string(json_object *v, char *ret, size_t size) {
        size_t n;

        if (!json_object_is_type(v, json_type_string))
                return -EINVAL;
        n = (size_t)json_object_get_string_len(v);
        if (n >= size)
                return -ENOBUFS;
        memcpy(ret, json_object_get_string(v), n + 1);
        return 0;
}

static int read_string(const JsonField *f, json_object *v, void *member,
                       _unused_ const char **error) {
        return copy_string(v, member, f->size);
}

static int replace_text(char **member, const char *text) {
        char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        free(*member);
        *member = copy;
        return 0;
}

static int read_text(const JsonField *f, json_object *v, void *member,
                     _unused_ const char **error) {
        if (!json_object_is_type(v, json_type_string))
                return -EINVAL;
        if ((size_t)json_object_get_string_len(v) > f->size)
                return -ENOBUFS;
        return replace_text(member, json_object_get_string(v));
}

static int read_raw(const JsonField *f, json_object *v, void *member, _unused_ const char **error) {
        const char *text;

        if (!json_object_is_type(v, json_type_object))
                return -EINVAL;
        text = json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
        if (!text)
                return -ENOMEM;
        if (strlen(text) > f->size)
                return -ENOBUFS;
        return replace_text(member, text);
}

static int read_u64(_unused_ const JsonField *f, json_object *v, void *member,
                    _unused_ const char **error) {
        char text[sizeof("9223372036854775807")];
        uint64_t value = 0;
        int r;

        r = copy_string(v, text, sizeof(text));
        if (r < 0)
                return -EINVAL;
        if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
                return -EINVAL;
        for (const char *p = text; *p; p++) {
                if (*p < '0' || *p > '9')
                        return -EINVAL;
                value = value * 10 + (uint64_t)(*p - '0'); /* 19 digits cannot overflow */
        }
        if (value > INT64_MAX)
                return -EINVAL;
        *(uint64_t *)member = value;
        return 0;
}

static int read_number(const JsonField *f, json_object *v, void *member,
                       _unused_ const char **error) {
        int64_t value;

        if (!json_object_is_type(v, json_type_int))
                return -EINVAL;
        value = json_object_get_int64(v); /* saturates far outside of what is taken */
        if (value > NUMBER_MAX || value < -NUMBER_MAX)
                return -EINVAL;
        if (f->max > f->min && (value < f->min || value > f->max))
                return -EINVAL;
        *(int64_t *)member = value;
        return 0;
}

static int read_bool(_unused_ const JsonField *f, json_object *v, void *member,
                     _unused_ const char **error) {
        if (!json_object_is_type(v, json_type_boolean))
                return -EINVAL;
        *(bool *)member = json_object_get_boolean(v);
        return 0;
}

static int read_fixed(const JsonField *f, json_object *v, void *member,
                      _unused_ const char **error) {
        if (!json_object_is_type(v, json_type_string))
                return -EINVAL;
        if ((size_t)json_object_get_string_len(v) != BASE64URL_SIZE(f->size) - 1)
                return -EINVAL;
        return base64url_decode(json_object_get_string(v), member, f->size) < 0 ? -EINVAL : 0;
}

static int read_bytes(const JsonField *f, json_object *v, void *member,
                      _unused_ const char **error) {
        _cleanup_free_ uint8_t *data = NULL;
        JsonBytes *bytes = member;
        size_t length;
        int r;

        if (!json_object_is_type(v, json_type_string))
                return -EINVAL;
        length = (size_t)json_object_get_string_len(v);
        if (length > BASE64URL_SIZE(f->size) - 1)
                return -ENOBUFS;
        data = malloc(length + 1); /* more than its bytes need, and never zero */
        if (!data)
                return -ENOMEM;
        r = base64url_decode(json_object_get_string(v), data, f->size);
        if (r < 0)
                return r;
        *bytes = (JsonBytes){ .data = TAKE_PTR(data), .n = (size_t)r };
        return 0;
}

static int read_nested(const JsonField *f, json_object *v, void *member, const char **error) {
        if (!json_object_is_type(v, json_type_object))
                return -EINVAL;
        return read_object(f->fields, v, member, error);
}

/* Checks a list's length and makes room for its items, never of zero bytes. */
static int new_items(const JsonField *f, json_object *v, size_t item_size, void **ret) {
        size_t n;

        if (!json_object_is_type(v, json_type_array))
                return -EINVAL;
        n = json_object_array_length(v);
        if (n > (size_t)f->max)
                return -ENOBUFS;
        *ret = calloc(MAX(n, 1U), item_size);
        return *ret ? 0 : -ENOMEM;
}

static int read_array(const JsonField *f, json_object *v, void *member, const char **error) {
        JsonArray *array = member;
        int r;

        r = new_items(f, v, f->size, &array->items);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_object_array_length(v); i++) {
                json_object *item = json_object_array_get_idx(v, i);

                array->n = i + 1; /* the half-read item is freed with the others */
                r = read_nested(f, item, (char *)array->items + i * f->size, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_strings(const JsonField *f, json_object *v, void *member,
                        _unused_ const char **error) {
        JsonStrings *strings = member;
        void *items = NULL;
        int r;

        r = new_items(f, v, sizeof(char *), &items);
        if (r < 0)
                return r;
        strings->items = items;
        for (size_t i = 0; i < json_object_array_length(v); i++) {
                json_object *item = json_object_array_get_idx(v, i);

                if (!json_object_is_type(item, json_type_string))
                        return -EINVAL;
                if ((size_t)json_object_get_string_len(item) > f->size)
                        return -ENOBUFS;
                strings->items[i] = strdup(json_object_get_string(item));
                if (!strings->items[i])
                        return -ENOMEM;
                strings->n = i + 1;
        }
        return 0;
}

static const FieldReader readers[] = {
        [JSON_STRING] = read_string, [JSON_U64] = read_u64,     [JSON_NUMBER] = read_number,
        [JSON_BOOL] = read_bool,     [JSON_FIXED] = read_fixed, [JSON_BYTES] = read_bytes,
        [JSON_OBJECT] = read_nested, [JSON_ARRAY] = read_array, [JSON_STRINGS] = read_strings,
        [JSON_TEXT] = read_text,     [JSON_RAW] = read_raw,
};

static int read_object(const JsonField *fields, json_object *o, void *ret, const char **error) {
        size_t n_read = 0;

        for (const JsonField *f = fields; f->name; f++) {
                json_object *v;
                int r = 0;

                if (json_object_object_get_ex(o, f->name, &v)) {
                        n_read++;
                        if (f->seen > 0)
                                *(JsonSeen *)((char *)ret + f->seen) =
                                                v ? JSON_SEEN_VALUE : JSON_SEEN_NULL;
                        if (v || !f->nullable)
                                r = readers[f->type](f, v, (char *)ret + f->offset, error);
                } else if (!f->optional)
                        r = -EINVAL;
                if (r < 0) {
                        *error = *error ?: f->name;
                        return r;
                }
        }
        if (n_read == (size_t)json_object_object_length(o))
                return 0;
        *error = "unknown member";
        return -EINVAL;
}

int json_read(const char *text, size_t n, const JsonField *fields, void *ret, const char **error) {
        _cleanup_(tree_freep) json_object *tree = NULL;
        const char *reason = NULL;
        int r;

        r = parse(text, n, &tree, &reason);
        if (r >= 0) {
                r = read_object(fields, tree, ret, &reason);
                if (r < 0)
                        json_done(fields, ret);
        }
        if (r < 0 && error)
                *error = reason;
        return r < 0 ? r : 0;
}

static void strings_done(JsonStrings *strings) {
        for (size_t i = 0; i < strings->n; i++)
                free(strings->items[i]);
        free(strings->items);
        *strings = (JsonStrings){ 0 };
}

static void array_done(const JsonField *f, JsonArray *array) {
        for (size_t i = 0; i < array->n; i++)
                json_done(f->fields, (char *)array->items + i * f->size);
        free(array->items);
        *array = (JsonArray){ 0 };
}

void json_done(const JsonField *fields, void *value) {
        for (const JsonField *f = fields; f->name; f++) {
                void *member = (char *)value + f->offset;

                if (f->type == JSON_BYTES) {
                        free(((JsonBytes *)member)->data);
                        *(JsonBytes *)member = (JsonBytes){ 0 };
                } else if (f->type == JSON_TEXT || f->type == JSON_RAW) {
                        free(*(char **)member);
                        *(char **)member = NULL;
                } else if (f->type == JSON_OBJECT)
                        json_done(f->fields, member);
                else if (f->type == JSON_ARRAY)
                        array_done(f, member);
                else if (f->type == JSON_STRINGS)
                        strings_done(member);
        }
}

int json_peek_string(const char *text, size_t n, const char *name, char *ret, size_t size) {
        _cleanup_(tree_freep) json_object *tree = NULL;
        const char *reason;
        json_object *v;
        int r;

        r = parse(text, n, &tree, &reason);
        if (r < 0)
                return r;
        if (!json_object_object_get_ex(tree, name, &v))
                return 0;
        r = copy_string(v, ret, size);
        return r < 0 ? r : 1;
}
