/* Any text as a moment: what is read is written so that it is read as the same again, and no letter
 * of another moment is accepted for it. */
#include "base/time.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        char again[TIME_FORMAT_SIZE];
        usec_t time, same;

        if (time_parse(text, &time) < 0)
                return 0;
        PROPERTY(strlen(text) >= strlen("2026-01-02T03:04:05Z"));
        PROPERTY(strlen(text) <= strlen("2026-01-02T03:04:05.123456789+01:00"));
        PROPERTY(time < UINT64_C(253402387200) * USEC_PER_SEC); /* a day after the year 9999 */
        PROPERTY(time / USEC_PER_SEC >= UINT64_C(253402300800) ||
                 time_parse(time_format(time, again), &same) == 0);
        PROPERTY(time / USEC_PER_SEC >= UINT64_C(253402300800) || same == time);
        if (strchr("Zz", text[strlen(text) - 1]))
                PROPERTY(strncmp(text, again, 10) == 0 && strncmp(text + 11, again + 11, 8) == 0);
        return 0;
}
