/* Turns are looked at from the last one backwards: those asked for are recent. */
#include <assert.h>

#include "target.h"

void turns_add(Turns *t, usec_t at) {
        assert(t->n < TARGET_TURNS);
        t->at[t->n++] = at;
}

bool turns_now(const Turns *t) {
        return t->n % 2 == 1;
}

bool turns_were(const Turns *t, bool so, usec_t from, usec_t to) {
        for (size_t i = t->n + 1; i-- > 0;) {
                usec_t begins = i > 0 ? t->at[i - 1] : 0,
                       ends = i < t->n ? t->at[i] : USEC_INFINITY;

                if (ends <= from)
                        return false;
                if (begins <= to && (i % 2 == 1) == so)
                        return true;
        }
        return false;
}
