/* Half to one and a half of the pause, so that a restarted hub is not met by all at once. */
#include "validator/backoff.h"

#include "base/macro.h"

void backoff_init(Backoff *b, usec_t longest) {
        usec_t first = MIN(BACKOFF_FIRST, longest);

        *b = (Backoff){ .longest = longest, .pause = first, .brief = first };
}

void backoff_ready(Backoff *b, usec_t now) {
        b->ready = now;
}

void backoff_ask(Backoff *b, usec_t pause) {
        b->asked = pause > 0 ? MIN(pause, BACKOFF_ASKED_MAX) : b->longest;
}

/* What is asked is never cut short. */
static usec_t jitter(usec_t pause, uint32_t random) {
        return pause / 2 + (usec_t)((double)pause * random / UINT32_MAX);
}

static void after_connection(Backoff *b, usec_t now) {
        if (now - b->ready >= BACKOFF_LASTED)
                b->brief = MIN(BACKOFF_FIRST, b->longest);
        b->pause = b->brief;
        b->brief = MIN(b->brief * 2, b->longest);
}

usec_t backoff_next(Backoff *b, usec_t now, uint32_t random) {
        usec_t wait, asked = b->asked + b->asked / 5 * (random % 1024) / 1024;

        if (b->ready > 0)
                after_connection(b, now);
        wait = MAX(jitter(b->pause, random), asked);
        b->pause = MIN(b->pause * 2, b->longest);
        b->asked = b->ready = 0;
        return wait;
}
