/* Doubling, with jitter, so that what failed together does not come together again. */
#include "hub/alert-pace.h"

#include "base/macro.h"

static usec_t doubled(unsigned times) {
        usec_t pause = ALERT_PAUSE_FIRST;

        while (times-- > 0 && pause < ALERT_PAUSE_MAX)
                pause *= 2;
        return MIN(pause, ALERT_PAUSE_MAX);
}

static usec_t jitter(usec_t pause, uint32_t random) {
        return pause / 4 * 3 + (usec_t)((double)(pause / 2) * random / UINT32_MAX);
}

usec_t alert_pace_next(const AlertTry *t) {
        usec_t pause;

        if (t->tries >= ALERT_TRIES_MAX || t->age >= ALERT_AGE_MAX)
                return 0;
        pause = jitter(doubled(t->tries - 1), t->random);
        return MAX(pause, MIN(t->asked, ALERT_ASKED_MAX));
}
