/* The score is kept as of the last change and decays when it is asked for. */
#include "hub/flap.h"

#include <math.h>

#include "base/macro.h"

usec_t flap_half_life(usec_t interval) {
        return CLAMP(10 * interval, 10 * USEC_PER_MIN, USEC_PER_DAY);
}

double flap_score(const Flap *f, const FlapRule *rule, usec_t now) {
        usec_t age = now - MIN(f->at, now);

        return f->score * exp2(-(double)age / (double)rule->half_life);
}

static double ends(const FlapRule *rule) {
        return 0.4 * rule->begins;
}

FlapStep flap_change(Flap *f, const FlapRule *rule, usec_t now) {
        f->score = MIN(flap_score(f, rule, now) + 1, FLAP_MOST);
        f->at = now;
        if (f->on || rule->begins == 0 || f->score <= rule->begins)
                return FLAP_SAME;
        f->on = true;
        return FLAP_BEGUN;
}

/* Rounded up, so that it is over when it says so. */
usec_t flap_until(const Flap *f, const FlapRule *rule) {
        if (!f->on)
                return USEC_INFINITY;
        if (rule->begins == 0 || f->score <= ends(rule))
                return f->at;
        return f->at + (usec_t)ceil((double)rule->half_life * log2(f->score / ends(rule)));
}

FlapStep flap_wait(Flap *f, const FlapRule *rule, usec_t now) {
        if (!f->on || now < flap_until(f, rule))
                return FLAP_SAME;
        f->on = false;
        return FLAP_ENDED;
}
