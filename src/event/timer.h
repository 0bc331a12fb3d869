/* A timer of the loop that its owner may free at any time, inside its callback too. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct Timer Timer;
typedef void (*TimerFired)(void *userdata);

/* Stands still until it is set. */
int timer_new(Timer **ret, uv_loop_t *loop, TimerFired fired, void *userdata);
/* The callback never comes after it. The loop gives the memory back in its next round. */
Timer *timer_free(Timer *t);
DEFINE_FREEP(Timer, timer_free);
/* Setting it again replaces what was set. Times count from uv_now(), which stands still during a
 * callback, and are rounded up to the milliseconds the loop counts in. */
void timer_after(Timer *t, usec_t delay);
/* period: not 0. */
void timer_every(Timer *t, usec_t delay, usec_t period);
void timer_stop(Timer *t);
/* A callback is still to come. */
bool timer_is_set(const Timer *t);
/* How long until it comes; USEC_INFINITY: it is not set. */
usec_t timer_left(const Timer *t);
