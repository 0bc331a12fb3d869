/* What is sent next, and how much may be under way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool-fixture.h"
#include "validator/window.h"

#define LIVE 9

typedef struct Fixture {
        SpoolFixture *spool;
        Window *window;
        Chain live;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        if (!f || spool_fixture_setup((void **)&f->spool) < 0)
                return -1;
        f->live.incarnation = LIVE;
        if (window_new(&f->window, f->spool->spool) < 0)
                return -1;
        window_reset(f->window, LIVE);
        window_set_limits(f->window, &(FrameWindow){ .live = 2, .history = 2 });
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        window_free(f->window);
        spool_fixture_teardown((void **)&f->spool);
        free(f);
        return 0;
}

static void put(Fixture *f, Chain *c, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                chain_put(f->spool, c, 1);
}

/* The next batch as incarnation * 100 + sequence; 0: none. */
static unsigned next(Fixture *f) {
        SpoolBatch b;
        int r = window_next(f->window, visit_copy, &b);

        assert_true(r >= 0);
        return r == 0 ? 0 : (unsigned)(b.incarnation * 100 + b.sequence);
}

static void no_more_than_the_limit_is_under_way(void **state) {
        Fixture *f = *state;

        assert_int_equal(next(f), 0);
        put(f, &f->live, 4);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 902);
        assert_int_equal(next(f), 0);
        window_answered(f->window, LIVE, 1);
        assert_int_equal(next(f), 903);
        assert_int_equal(next(f), 0);
        window_answered(f->window, LIVE, 100);
        assert_int_equal(next(f), 904);
        assert_int_equal(next(f), 0);
}

static void live_goes_before_history_which_goes_by_age(void **state) {
        Fixture *f = *state;
        Chain old = { .incarnation = 3 }, older = { .incarnation = 2 };

        put(f, &older, 1);
        put(f, &old, 3);
        put(f, &f->live, 1);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 201);
        assert_int_equal(next(f), 301);
        assert_int_equal(next(f), 0);
        put(f, &f->live, 1);
        assert_int_equal(next(f), 902);
        window_answered(f->window, 2, 1);
        assert_int_equal(next(f), 302);
        assert_int_equal(next(f), 0);
}

static void history_is_of_every_other_stream(void **state) {
        Fixture *f = *state;
        Chain lower = { .incarnation = 3 }, higher = { .incarnation = 12 };

        put(f, &f->live, 1);
        put(f, &higher, 1);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 1201);
        assert_int_equal(next(f), 0);
        put(f, &lower, 1);
        assert_int_equal(next(f), 301);
        assert_int_equal(next(f), 0);
}

static void history_may_be_held_back_but_not_the_live_stream(void **state) {
        Fixture *f = *state;
        Chain old = { .incarnation = 3 };

        window_set_limits(f->window, &(FrameWindow){ .live = 0, .history = 0 });
        put(f, &old, 1);
        put(f, &f->live, 2);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 0);
        window_set_limits(f->window, &(FrameWindow){ .live = -5, .history = -5 });
        assert_int_equal(next(f), 0);
        window_answered(f->window, LIVE, 1);
        assert_int_equal(next(f), 902);
}

static void a_rewind_sends_from_there_again(void **state) {
        Fixture *f = *state;

        put(f, &f->live, 4);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 902);
        window_rewind(f->window, LIVE, 2);
        assert_int_equal(next(f), 902);
        assert_int_equal(next(f), 903);
        assert_int_equal(next(f), 0);
        window_rewind(f->window, LIVE, 0);
        assert_int_equal(next(f), 901);
}

/* One, and twice as many with each answer. */
static void a_hub_without_room_gets_little_at_first(void **state) {
        Fixture *f = *state;
        Chain old = { .incarnation = 3 };

        window_set_limits(f->window, &(FrameWindow){ .live = 3, .history = 2 });
        put(f, &f->live, 8);
        put(f, &old, 4);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 902);
        assert_int_equal(next(f), 903);
        assert_int_equal(next(f), 301);
        assert_int_equal(next(f), 302);
        assert_int_equal(next(f), 0);
        window_refused(f->window, LIVE, 2);
        window_answered(f->window, 3, 0); /* to none, which is an answer all the same */
        window_refused(f->window, 3, 1);
        assert_int_equal(next(f), 902);
        assert_int_equal(next(f), 301);
        assert_int_equal(next(f), 0);
        window_answered(f->window, LIVE, 1);
        assert_int_equal(next(f), 903);
        assert_int_equal(next(f), 904);
        assert_int_equal(next(f), 302);
        assert_int_equal(next(f), 0);
        window_answered(f->window, LIVE, 2);
        assert_int_equal(next(f), 905);
        assert_int_equal(next(f), 906);
        assert_int_equal(next(f), 907);
        assert_int_equal(next(f), 0); /* limits hold as before */
}

static void a_new_connection_is_not_held_back(void **state) {
        Fixture *f = *state;

        put(f, &f->live, 3);
        window_refused(f->window, LIVE, 1);
        window_reset(f->window, LIVE);
        window_set_limits(f->window, &(FrameWindow){ .live = 2 });
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 902);
        assert_int_equal(next(f), 0);
}

static void what_could_not_be_sent_is_next(void **state) {
        Fixture *f = *state;

        put(f, &f->live, 3);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 902);
        window_unsent(f->window, LIVE, 2);
        assert_int_equal(next(f), 902);
        assert_int_equal(next(f), 0);
}

static void a_new_connection_starts_from_the_front(void **state) {
        Fixture *f = *state;

        put(f, &f->live, 2);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 902);
        window_reset(f->window, LIVE);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 0); /* until limits are known */
}

static void many_streams_do_not_outgrow_the_window(void **state) {
        Fixture *f = *state;

        put(f, &f->live, 1);
        window_set_limits(f->window, &(FrameWindow){ .live = 1, .history = 1000 });
        for (uint64_t i = 100; i < 100 + 2 * FRAME_INCARNATIONS_MAX; i++)
                window_rewind(f->window, i, 1);
        assert_int_equal(next(f), 901);
        assert_int_equal(next(f), 0);
}

#define WINDOW_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                WINDOW_TEST(no_more_than_the_limit_is_under_way),
                WINDOW_TEST(live_goes_before_history_which_goes_by_age),
                WINDOW_TEST(history_is_of_every_other_stream),
                WINDOW_TEST(history_may_be_held_back_but_not_the_live_stream),
                WINDOW_TEST(a_rewind_sends_from_there_again),
                WINDOW_TEST(a_hub_without_room_gets_little_at_first),
                WINDOW_TEST(a_new_connection_is_not_held_back),
                WINDOW_TEST(what_could_not_be_sent_is_next),
                WINDOW_TEST(a_new_connection_starts_from_the_front),
                WINDOW_TEST(many_streams_do_not_outgrow_the_window),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
