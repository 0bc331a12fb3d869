/* A list with its end. */
#include "base/turns.h"

#include <stddef.h>

bool turn_take(Turns *of, Turn *t, void (*come)(void *userdata), void *userdata) {
        *t = (Turn){ .of = of, .waits = of->taken >= of->most, .come = come, .userdata = userdata };
        if (!t->waits) {
                of->taken++;
                return true;
        }
        if (of->last)
                of->last->next = t;
        else
                of->first = t;
        of->last = t;
        return false;
}

static void leave(Turns *of, const Turn *t) {
        Turn *before = NULL;

        for (Turn *i = of->first; i != t; i = i->next)
                before = i;
        if (before)
                before->next = t->next;
        else
                of->first = t->next;
        if (of->last == t)
                of->last = before;
}

static void call_next(Turns *of) {
        Turn *t = of->first;

        if (!t || of->taken >= of->most)
                return;
        leave(of, t);
        t->waits = false;
        t->next = NULL;
        of->taken++;
        t->come(t->userdata);
}

void turn_end(Turn *t) {
        Turns *of = t->of;
        bool waited = t->waits;

        if (!of)
                return;
        if (waited)
                leave(of, t);
        else
                of->taken--;
        *t = (Turn){ 0 };
        if (!waited)
                call_next(of);
}
