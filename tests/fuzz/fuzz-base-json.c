/* Any bytes as JSON: nothing may crash or leak, and what was read must come out of the writer so
 * that reading it again gives the same. */
#include "../unit/json-toy.h"
#include "property.h"

/* NULL when the text is refused. */
static char *rewrite(const JsonField *fields, const char *text, size_t n) {
        const char *error = NULL;
        char *written = NULL;
        Toy toy = {};
        int r;

        r = json_read(text, n, fields, &toy, &error);
        PROPERTY(r >= 0 || error);
        PROPERTY(r >= 0 || (!toy.data.data && !toy.wheels.items && !toy.tags.items));
        PROPERTY(r < 0 || json_write(fields, &toy, &written) >= 0);
        json_done(fields, &toy);
        return written;
}

static void read_and_write(const JsonField *fields, const char *text, size_t n) {
        _cleanup_free_ char *first = NULL, *second = NULL;

        first = rewrite(fields, text, n);
        if (!first)
                return;
        second = rewrite(fields, first, strlen(first));
        PROPERTY(second && strcmp(first, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char name[8];

        read_and_write(toy_fields, (const char *)data, size);
        read_and_write(loose_fields, (const char *)data, size);
        PROPERTY(json_peek_string((const char *)data, size, "name", name, sizeof(name)) != 1 ||
                 strnlen(name, sizeof(name)) < sizeof(name));
        return 0;
}
