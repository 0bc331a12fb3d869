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

static const AgendaOps ops = { .call = on_call, .fetch = on_fetch, .fetch_steps = 2 };

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(calls_come_in_their_time_and_many_in_one_round),
                cmocka_unit_test(nothing_is_nothing),
                cmocka_unit_test(setting_again_replaces),
                cmocka_unit_test(who_was_taken_away_is_not_called),
                cmocka_unit_test(the_far_are_called_at_the_horizon),
                cmocka_unit_test(what_is_left_at_the_end_is_not_called),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
