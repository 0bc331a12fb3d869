/* A bucket of tokens told by one time instead of a level and a time. */
#include "hub/pace.h"

#include "base/macro.h"

bool pace_take(Pace *p, const PaceRule *rule, usec_t now) {
        usec_t start = MAX(p->paid, now);

        if (start - now > (rule->burst - 1) * rule->interval)
                return false;
        p->paid = start + rule->interval;
        return true;
}

bool pace_is_fresh(const Pace *p, usec_t now) {
        return p->paid <= now;
}
