/* libuv lets go of a handle only in a later round of the loop: it is memory of its own, which
 * outlives the owner. */
#include "event/timer.h"

#include <assert.h>
#include <errno.h>

struct Timer {
        uv_timer_t native; /* first: its address is the Timer's */
        TimerFired fired;
        void *userdata;
};

static void on_fired(uv_timer_t *native) {
        Timer *t = (Timer *)native;

        t->fired(t->userdata);
}

static void on_closed(uv_handle_t *native) {
        free(native);
}

int timer_new(Timer **ret, uv_loop_t *loop, TimerFired fired, void *userdata) {
        Timer *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        (void)uv_timer_init(loop, &t->native);
        t->fired = fired;
        t->userdata = userdata;
        *ret = t;
        return 0;
}

Timer *timer_free(Timer *t) {
        if (t)
                uv_close((uv_handle_t *)&t->native, on_closed);
        return NULL;
}

static uint64_t msec_of(usec_t t) {
        return t / USEC_PER_MSEC + (t % USEC_PER_MSEC > 0);
}

void timer_after(Timer *t, usec_t delay) {
        (void)uv_timer_start(&t->native, on_fired, msec_of(delay), 0);
}

void timer_every(Timer *t, usec_t delay, usec_t period) {
        assert(period > 0);
        (void)uv_timer_start(&t->native, on_fired, msec_of(delay), msec_of(period));
}

void timer_stop(Timer *t) {
        (void)uv_timer_stop(&t->native);
}

bool timer_is_set(const Timer *t) {
        return uv_is_active((const uv_handle_t *)&t->native);
}

usec_t timer_left(const Timer *t) {
        return timer_is_set(t) ? uv_timer_get_due_in(&t->native) * USEC_PER_MSEC : USEC_INFINITY;
}
