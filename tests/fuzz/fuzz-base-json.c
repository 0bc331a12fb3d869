/* Any bytes as JSON: nothing may crash or leak, and what was read must come out of the writer so
 * that reading it again gives the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/json-toy.h"
#include "base/macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL when the text is refused. */
static char *rewrite(const JsonField *fields, const char *text, size_t n) {
        const char *error = NULL;
        char *written = NULL;
        Toy toy = {};
        int r;

        r = json_read(text, n, fields, &toy, &error);
        if (r < 0 && (!error || toy.data.data || toy.wheels.items || toy.tags.items))
                abort();
        if (r >= 0 && json_write(fields, &toy, &written) < 0)
                abort();
        json_done(fields, &toy);
        return written;
}

static void read_and_write(const JsonField *fields, const char *text, size_t n) {
        _cleanup_free_ char *first = NULL, *second = NULL;

        first = rewrite(fields, text, n);
        if (!first)
                return;
        second = rewrite(fields, first, strlen(first));
        if (!second || strcmp(first, second) != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char name[8];

        read_and_write(toy_fields, (const char *)data, size);
        read_and_write(loose_fields, (const char *)data, size);
        if (json_peek_string((const char *)data, size, "name", name, sizeof(name)) == 1 &&
            strnlen(name, sizeof(name)) == sizeof(name))
                abort();
        return 0;
}
