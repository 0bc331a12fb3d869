/* Calls come in their time on a real loop, once, and none for what was taken away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/agenda.h"

#define MANY 3000u

typedef struct Guest {
        AgendaItem item; /* first */
        uint64_t wanted, came;
        unsigned calls;
        usec_t again;         /* put again with this delay at the first call; 0: not */
        struct Guest *victim; /* taken away by its call */
} Guest;

typedef struct World {
        uv_loop_t loop;
        Agenda *agenda;
        unsigned calls, rounds;
        uint64_t last;
        bool holds;
        unsigned turns, crowd; /* of the loop; the most calls of one of them */
        unsigned before;       /* calls when the turn began */
        uv_prepare_t prepare;
} World;

static void on_call(AgendaItem *item, void *userdata) {
        Guest *g = (Guest *)item;
        World *w = userdata;

        g->calls++;
        g->came = uv_now(&w->loop);
        w->rounds += w->last != g->came;
        w->last = g->came;
        w->calls++;
        if (g->victim)
                agenda_remove(w->agenda, &g->victim->item);
        if (g->again > 0)
                agenda_put(w->agenda, &g->item, g->again);
        g->again = 0;
}

static unsigned fetches;

static void on_fetch(AgendaItem *item _unused_, unsigned step) {
        assert_in_range(step, 0, 1);
        fetches++;
}

static bool on_wait_asked(void *userdata) {
        const World *w = userdata;

        return w->holds;
}

static const AgendaOps ops = {
        .call = on_call, .fetch = on_fetch, .fetch_steps = 2, .must_wait = on_wait_asked
};

static void world_init(World *w) {
        *w = (World){ 0 };
        assert_int_equal(uv_loop_init(&w->loop), 0);
        assert_int_equal(agenda_new(&w->agenda, &w->loop, &ops, w), 0);
}

static void world_run(World *w) {
        assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
}

static void world_done(World *w) {
        agenda_free(w->agenda);
        world_run(w);
        assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void put(World *w, Guest *g, unsigned msec) {
        g->wanted = uv_now(&w->loop) + msec;
        agenda_put(w->agenda, &g->item, msec * USEC_PER_MSEC);
}

static void calls_come_in_their_time_and_many_in_one_round(void **state _unused_) {
        static Guest guests[MANY];
        World w;

        world_init(&w);
        fetches = 0;
        for (unsigned i = 0; i < MANY; i++)
                put(&w, &guests[i], i * 7919 % 300);
        world_run(&w);
        assert_int_equal(fetches, 2 * MANY);
        for (unsigned i = 0; i < MANY; i++) {
                assert_int_equal(guests[i].calls, 1);
                assert_true(guests[i].came > guests[i].wanted);
        }
        assert_in_range(w.rounds, 2,
                        300 * USEC_PER_MSEC / AGENDA_GRAIN + 1); /* slow ones take several */
        world_done(&w);
}

static void nothing_is_nothing(void **state _unused_) {
        World w;
        Guest g = { 0 };

        world_init(&w);
        world_run(&w);
        agenda_remove(w.agenda, &g.item);
        world_done(&w);
}

static void setting_again_replaces(void **state _unused_) {
        World w;
        Guest sooner = { 0 }, later = { 0 }, after = { .again = 1 };

        world_init(&w);
        put(&w, &sooner, 5000);
        put(&w, &sooner, 20);
        put(&w, &later, 1);
        put(&w, &later, 120);
        put(&w, &after, 30);
        world_run(&w);
        assert_int_equal(sooner.calls, 1);
        assert_int_equal(later.calls, 1);
        assert_true(later.came >= sooner.came + 90);
        assert_int_equal(after.calls, 2);
        world_done(&w);
}

static void who_was_taken_away_is_not_called(void **state _unused_) {
        World w;
        Guest alone = { 0 }, beside = { 0 }, ahead = { 0 };
        Guest first = { .victim = &beside }, second = { .victim = &ahead };

        world_init(&w);
        put(&w, &alone, 50);
        agenda_remove(w.agenda, &alone.item);
        put(&w, &first, 20); /* of one slot, called one after the other */
        put(&w, &beside, 20);
        put(&w, &second, 20);
        put(&w, &ahead, 200);
        world_run(&w);
        assert_int_equal(w.calls, 2);
        assert_int_equal(first.calls + second.calls, 2);
        world_done(&w);
}

/* Also on a list that is reached by a number of another round. */
static void the_far_are_called_at_the_horizon(void **state _unused_) {
        World w;
        Guest far = { 0 }, near = { 0 };

        world_init(&w);
        put(&w, &far, 3600u * 1000);
        put(&w, &near, 10);
        uv_run(&w.loop, UV_RUN_ONCE);
        while (near.calls == 0)
                uv_run(&w.loop, UV_RUN_ONCE);
        assert_int_equal(far.calls, 0);
        world_run(&w);
        assert_int_equal(far.calls, 1);
        assert_in_range((far.came - near.came) * USEC_PER_MSEC, AGENDA_HORIZON - 4 * AGENDA_GRAIN,
                        AGENDA_HORIZON + 2 * USEC_PER_SEC);
        world_done(&w);
}

static void what_is_left_at_the_end_is_not_called(void **state _unused_) {
        World w;

        world_init(&w);
        agenda_put(w.agenda, &(AgendaItem){ 0 }, 10); /* left there at the end: nobody's harm */
        agenda_free(w.agenda);
        w.agenda = NULL;
        world_run(&w);
        assert_int_equal(w.calls, 0);
        world_done(&w);
}

static void on_turn(uv_prepare_t *prepare) {
        World *w = prepare->data;

        w->turns += w->calls > w->before;
        w->crowd = MAX(w->crowd, w->calls - w->before);
        w->before = w->calls;
}

static void count_turns(World *w) {
        assert_int_equal(uv_prepare_init(&w->loop, &w->prepare), 0);
        w->prepare.data = w;
        uv_prepare_start(&w->prepare, on_turn);
        uv_unref((uv_handle_t *)&w->prepare);
}

static void count_no_more(World *w) {
        on_turn(&w->prepare);
        uv_close((uv_handle_t *)&w->prepare, NULL);
}

/* Also of those that were taken away, moved or put again between the turns. */
static void a_crowd_takes_several_turns(void **state _unused_) {
        static Guest guests[3 * AGENDA_TURN];
        Guest moved = { 0 }, gone = { 0 }, after = { 0 };
        World w;

        world_init(&w);
        count_turns(&w);
        guests[7].again = 1;
        for (unsigned i = 0; i < ELEMENTSOF(guests); i++)
                put(&w, &guests[i], 20);
        put(&w, &moved, 20); /* the last of their slot */
        put(&w, &gone, 20);
        put(&w, &after, 20 + AGENDA_GRAIN / USEC_PER_MSEC);
        while (w.calls < AGENDA_TURN) {
                uv_run(&w.loop, UV_RUN_ONCE);
                on_turn(&w.prepare); /* it ends with timers, and the next begins with them */
        }
        assert_int_equal(moved.calls + after.calls, 0);
        put(&w, &moved, 200);
        agenda_remove(w.agenda, &gone.item);
        world_run(&w);
        count_no_more(&w);
        for (unsigned i = 0; i < ELEMENTSOF(guests); i++)
                assert_int_equal(guests[i].calls, 1 + (i == 7));
        assert_int_equal(gone.calls, 0);
        assert_int_equal(after.calls, 1);
        assert_int_equal(moved.calls, 1);
        assert_true(moved.came > moved.wanted);
        assert_int_equal(w.crowd, AGENDA_TURN);
        assert_in_range(w.turns, 4, 6);
        world_done(&w);
}

static void nobody_is_called_while_they_must_wait(void **state _unused_) {
        Guest early = { 0 }, late = { 0 };
        World w;

        world_init(&w);
        w.holds = true;
        put(&w, &early, 10);
        put(&w, &late, 60);
        while (uv_now(&w.loop) < late.wanted + 2 * AGENDA_GRAIN / USEC_PER_MSEC)
                uv_run(&w.loop, UV_RUN_ONCE);
        assert_int_equal(w.calls, 0);
        w.holds = false;
        world_run(&w);
        assert_int_equal(early.calls, 1);
        assert_int_equal(late.calls, 1);
        w.holds = true;
        put(&w, &early, 10);
        while (uv_now(&w.loop) < early.wanted + 2 * AGENDA_GRAIN / USEC_PER_MSEC)
                uv_run(&w.loop, UV_RUN_ONCE);
        world_done(&w); /* while it waits */
        assert_int_equal(early.calls, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(calls_come_in_their_time_and_many_in_one_round),
                cmocka_unit_test(nothing_is_nothing),
                cmocka_unit_test(setting_again_replaces),
                cmocka_unit_test(who_was_taken_away_is_not_called),
                cmocka_unit_test(the_far_are_called_at_the_horizon),
                cmocka_unit_test(what_is_left_at_the_end_is_not_called),
                cmocka_unit_test(a_crowd_takes_several_turns),
                cmocka_unit_test(nobody_is_called_while_they_must_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
