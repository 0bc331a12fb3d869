/* A path, a line break, and any bytes: what is found lies within the text, is JSON by itself, and
 * the text is JSON to json_read() too where that takes its kind. */
#include "base/json-path.h"

#include <errno.h>

#include "base/encode.h"
#include "base/json.h"
#include "property.h"

static void check_value(const JsonValue *v, const char *text, size_t n) {
        _cleanup_free_ char *value = NULL;
        JsonValue again;

        PROPERTY(v->text >= text && v->n > 0 && v->text + v->n <= text + n);
        PROPERTY(json_path_find("$", v->text, v->n, &again) == 1);
        PROPERTY(again.kind == v->kind && again.n == v->n);
        PROPERTY(json_value_text(v, &value) == 0);
        PROPERTY(strlen(value) <= v->n && utf8_is_valid(value, strlen(value)));
}

/* Whatever the strict reader takes as an object is one here. */
static void compare(const char *text, size_t n, int whole) {
        char name[4];

        if (json_peek_string(text, n, "a", name, sizeof(name)) >= 0)
                PROPERTY(whole == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
        size_t n_path = line ? (size_t)(line - data) : size;
        _cleanup_free_ char *path = input_text(data, n_path);
        const char *text = (const char *)data + n_path + (line != NULL);
        size_t n = size - n_path - (line != NULL), offset = 0;
        JsonValue v;
        int r;

        r = json_path_check(path, &offset);
        PROPERTY(r == 0 || (r == -EINVAL && offset <= strlen(path)));
        if (!line)
                return 0;
        PROPERTY((json_path_find(path, text, n, &v) == -EINVAL) == (r == -EINVAL));
        if (json_path_find(path, text, n, &v) == 1)
                check_value(&v, text, n);
        r = json_path_find("$", text, n, &v);
        PROPERTY(r == 1 || r == -EBADMSG);
        compare(text, n, r);
        return 0;
}
