/* A bucket of tokens told by one time instead of a level and a time. */
#include "base/pace.h"

#include "base/macro.h"

bool pace_take(Pace *p, const PaceRule *rule, unsigned n, usec_t now) {
        usec_t start = MAX(p->paid, now);

        if (n > rule->burst || start - now > (rule->burst - n) * rule->interval)
                return false;
        p->paid = start + n * rule->interval;
        return true;
}

usec_t pace_ready(const Pace *p, const PaceRule *rule, unsigned n) {
        usec_t spare = (rule->burst - MIN(n, rule->burst)) * rule->interval;

        return p->paid - MIN(p->paid, spare);
}

bool pace_is_fresh(const Pace *p, usec_t now) {
        return p->paid <= now;
}
