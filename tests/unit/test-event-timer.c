/* When timers fire, on a real loop, and that nothing comes after they were stopped or freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "event/timer.h"

typedef struct World {
        uv_loop_t loop;
        Timer *timer;
        unsigned fired, last; /* last: the timer is stopped or freed by this one */
        bool frees;
        uint64_t began, at; /* ms of the loop; at: of the callback last seen */
} World;

static void on_fired(void *userdata) {
        World *w = userdata;

        w->fired++;
        w->at = uv_now(&w->loop);
        if (w->fired != w->last)
                return;
        if (w->frees)
                w->timer = timer_free(w->timer);
        else
                timer_stop(w->timer);
}

static void world_init(World *w, unsigned last) {
        *w = (World){ .last = last };
        assert_int_equal(uv_loop_init(&w->loop), 0);
        assert_int_equal(timer_new(&w->timer, &w->loop, on_fired, w), 0);
        w->began = uv_now(&w->loop);
}

/* A loop that ends has nothing more to do: no timer is set. */
static void world_run(World *w) {
        assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
}

static void world_done(World *w) {
        timer_free(w->timer);
        world_run(w);
        assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void new_one_stands_still(void **state _unused_) {
        World w;

        world_init(&w, 0);
        assert_false(timer_is_set(w.timer));
        world_run(&w);
        assert_int_equal(w.fired, 0);
        world_done(&w);
}

static void fires_once_and_never_early(void **state _unused_) {
        World w;

        world_init(&w, 0);
        timer_after(w.timer, 4 * USEC_PER_MSEC + 1);
        assert_true(timer_is_set(w.timer));
        assert_int_equal(timer_left(w.timer), 5 * USEC_PER_MSEC);
        world_run(&w);
        assert_int_equal(w.fired, 1);
        assert_true(w.at - w.began >= 5);
        assert_false(timer_is_set(w.timer));
        assert_int_equal(timer_left(w.timer), USEC_INFINITY);
        world_done(&w);
}

static void a_delay_of_nothing_is_the_next_round(void **state _unused_) {
        World w;

        world_init(&w, 0);
        timer_after(w.timer, 0);
        assert_int_equal(w.fired, 0);
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
        assert_int_equal(w.fired, 1);
        world_done(&w);
}

static void repeats_until_it_is_stopped(void **state _unused_) {
        World w;

        world_init(&w, 3);
        timer_every(w.timer, 0, 2 * USEC_PER_MSEC);
        world_run(&w);
        assert_int_equal(w.fired, 3);
        assert_true(w.at - w.began >= 4);
        world_done(&w);
}

static void setting_it_again_replaces(void **state _unused_) {
        World w;

        world_init(&w, 0);
        timer_every(w.timer, USEC_PER_MSEC, USEC_PER_MSEC);
        timer_after(w.timer, 3 * USEC_PER_MSEC);
        world_run(&w);
        assert_int_equal(w.fired, 1);
        assert_true(w.at - w.began >= 3);
        world_done(&w);
}

static void a_stopped_one_never_fires(void **state _unused_) {
        World w;

        world_init(&w, 0);
        timer_after(w.timer, 0);
        timer_stop(w.timer);
        assert_false(timer_is_set(w.timer));
        world_run(&w);
        assert_int_equal(w.fired, 0);
        world_done(&w);
}

static void a_freed_one_never_fires(void **state _unused_) {
        World w;

        world_init(&w, 0);
        timer_after(w.timer, 0);
        w.timer = timer_free(w.timer);
        world_run(&w);
        assert_int_equal(w.fired, 0);
        world_done(&w);
}

static void may_be_freed_by_its_callback(void **state _unused_) {
        World w;

        world_init(&w, 2);
        w.frees = true;
        timer_every(w.timer, 0, USEC_PER_MSEC);
        world_run(&w);
        assert_int_equal(w.fired, 2);
        assert_null(w.timer);
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(new_one_stands_still),
                cmocka_unit_test(fires_once_and_never_early),
                cmocka_unit_test(a_delay_of_nothing_is_the_next_round),
                cmocka_unit_test(repeats_until_it_is_stopped),
                cmocka_unit_test(setting_it_again_replaces),
                cmocka_unit_test(a_stopped_one_never_fires),
                cmocka_unit_test(a_freed_one_never_fires),
                cmocka_unit_test(may_be_freed_by_its_callback),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
