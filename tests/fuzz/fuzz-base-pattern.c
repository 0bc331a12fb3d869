/* An expression, a line break, and bytes to look for it in: none crashes or takes long, and what is
 * refused is refused within itself. */
#include "base/pattern.h"

#include <errno.h>
#include <time.h>

#include "property.h"

#define REPEAT_SIZE 65536u /* the bytes again and again: long texts are what takes long */

static long cpu_ms(void) {
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void match(const Pattern *p, const void *bytes, size_t n) {
        long begun = cpu_ms();
        PatternEffort effort = { 0 };
        int r = pattern_match(p, bytes, n, &effort);

        PROPERTY(r == 0 || r == 1 || r == -E2BIG);
        PROPERTY(cpu_ms() - begun < 1000);
}

static void match_repeated(const Pattern *p, const char *bytes, size_t n) {
        _cleanup_free_ char *text = malloc(REPEAT_SIZE);

        PROPERTY(text != NULL);
        for (size_t i = 0; i < REPEAT_SIZE; i++)
                text[i] = bytes[i % n];
        match(p, text, REPEAT_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        _cleanup_(pattern_freep) Pattern *p = NULL;
        PatternFault fault = { 0 };
        char *rest = text, *expression = input_line(&rest);
        int r;

        r = pattern_new(&p, expression, &fault);
        PROPERTY(r == 0 || r == -EINVAL);
        PROPERTY(r == 0 || (!p && fault.reason[0] && fault.offset <= strlen(expression)));
        if (r < 0 || !rest)
                return 0;
        size = (size_t)(text + size - rest);
        match(p, rest, size);
        if (size > 0)
                match_repeated(p, rest, size);
        return 0;
}
