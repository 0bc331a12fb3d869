/* Any text as a Last-Event-ID, and as what an event carries: the id is read exactly or not at all,
 * and no event's text can end it or begin another. */
#include <inttypes.h>

#include "api/sse.h"
#include "property.h"

static void check_id(const char *text) {
        char again[24];
        uint64_t id = 7;

        if (!sse_position_read(text, &id)) {
                PROPERTY(id == 7);
                return;
        }
        snprintf(again, sizeof(again), "%" PRIu64, id);
        PROPERTY(strcmp(text + strspn(text, "0"), again) == 0 || (id == 0 && *text));
        PROPERTY(id <= INT64_MAX);
}

/* One event of three lines, or nothing. */
static void check_event(const char *payload) {
        SseJoin who = { .organisation = 1, .position = 4 };
        FeedEntry e = { .commit_no = 5, .organisation = 1, .kind = "tick", .payload = payload };
        _cleanup_free_ char *text = NULL;
        size_t n, lines = 0;

        PROPERTY(sse_format(&who, &e, 1, &text, &n) == 0);
        PROPERTY(n == strlen(text));
        for (size_t i = 0; i < n; i++)
                lines += text[i] == '\n' || text[i] == '\r';
        PROPERTY(n == 0 || lines == 4);
        PROPERTY(n == 0 || strncmp(text, "id: 5\nevent: tick\ndata: ", 24) == 0);
        PROPERTY((n == 0) == (strpbrk(payload, "\r\n") != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);

        check_id(text);
        check_event(text);
        return 0;
}
