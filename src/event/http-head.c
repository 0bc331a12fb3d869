/* The header of an answer as it is kept for the result: "Name: value" lines, each ended by a NUL,
 * of the last answer only: neither of the interim ones before it nor of the trailer behind its
 * body. */
#include <errno.h>
#include <string.h>

#include "event/http-parts.h"

static size_t line_length(const char *line, size_t n) {
        while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n'))
                n--;
        return strnlen(line, n);
}

static int append(HttpHead *h, const char *text, size_t n) {
        if (h->n + n + 1 > h->room) {
                size_t room = MAX(2 * h->room, h->n + n + 512);
                char *lines = realloc(h->lines, room);

                if (!lines)
                        return -ENOMEM;
                h->lines = lines;
                h->room = room;
        }
        memcpy(h->lines + h->n, text, n);
        h->n += n;
        h->lines[h->n++] = '\0';
        return 0;
}

int http_head_add(HttpHead *h, const char *line, size_t n) {
        size_t used = line_length(line, n);

        if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
                h->n = 0;
                h->whole = false;
                return 0;
        }
        h->whole = h->whole || used == 0;
        if (h->whole)
                return 0;
        if ((*line == ' ' || *line == '\t') && h->n > 0)
                h->n--; /* goes on with the line before, as RFC 9112 says of old servers */
        return append(h, line, used);
}

void http_head_done(HttpHead *h) {
        free(h->lines);
        *h = (HttpHead){ 0 };
}
