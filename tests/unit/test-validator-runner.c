/* Orders, their grid and their probes, against a server on loopback. Intervals are shorter than any
 * order's on the wire, so that a test need not wait. */
#include "check-fixture.h"

#include <errno.h>
#include <poll.h>

#include "loop-turn.h"
#include "spool-fixture.h"
#include "validator/runner.h"

#define T (60 * USEC_PER_MSEC)
/* Where no slot may be missed: half of it may pass unnoticed. */
#define T_CALM (400 * USEC_PER_MSEC)

typedef struct Fixture {
        CheckFixture check;
        SpoolFixture *spool;
        HubTime hub_time;
        Runner *runner;
        Tick ticks[32];
        bool urgent;
        unsigned n, suspects, refused;
        CheckRefusal refusal;
        uint32_t suspected;
        usec_t suspected_at;
} Fixture;

static void on_tick(const Tick *tick, bool urgent, void *userdata) {
        Fixture *f = userdata;
        uint8_t bytes[TICK_SIZE_MAX];

        assert_true(tick_encode(tick, bytes) > 0);
        assert_true(f->n < ELEMENTSOF(f->ticks));
        f->ticks[f->n++] = *tick;
        f->urgent = urgent;
}

static void on_suspect(const OrderId *order, uint32_t slot, void *userdata) {
        Fixture *f = userdata;

        assert_int_equal(order->bytes[0], 1);
        f->suspected = slot;
        f->suspected_at = now_boottime();
        f->suspects++;
}

static void on_refused(const OrderId *order, CheckRefusal why, void *userdata) {
        Fixture *f = userdata;

        assert_int_equal(order->bytes[0], 1);
        f->refusal = why;
        f->refused++;
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));
        RunnerOptions options = { .hub_time = f ? &f->hub_time : NULL,
                                  .orders_max = 3,
                                  .timeout_max = USEC_PER_MIN,
                                  .tick = on_tick,
                                  .refused = on_refused,
                                  .suspect = on_suspect,
                                  .userdata = f };

        if (!f || spool_fixture_setup((void **)&f->spool) < 0)
                return -1;
        check_fixture_open(&f->check);
        hub_time_reset(&f->hub_time, now_boottime(), (usec_t)FIXTURE_TIME);
        options.checker = f->check.checker;
        options.spool = f->spool->spool;
        if (runner_new(&f->runner, &f->check.loop, &options) < 0)
                return -1;
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        runner_free(f->runner);
        check_fixture_close(&f->check);
        spool_fixture_teardown((void **)&f->spool);
        free(f);
        return 0;
}

static usec_t hub_now(const Fixture *f) {
        return hub_time_at(&f->hub_time, now_boottime());
}

/* Order `i`, whose slot 0 is 10 ms ahead. */
static RunnerOrder order_of(Fixture *f, uint8_t i, const Spec *spec) {
        return (RunnerOrder){ .id = { .bytes = { i } },
                              .order = { .type = ORDER_SEAT,
                                         .family = 4,
                                         .interval_ms = T / USEC_PER_MSEC,
                                         .timeout_ms = 5000,
                                         .start = (int64_t)(hub_now(f) + 10 * USEC_PER_MSEC) },
                              .spec = spec };
}

static RunnerOrder add(Fixture *f, uint8_t i, const char *path, OrderType type) {
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, path);
        RunnerOrder o = order_of(f, i, &spec);

        o.order.type = type;
        assert_int_equal(runner_add(f->runner, &o), 0);
        return o;
}

static int probe(Fixture *f, uint8_t i, uint32_t number) {
        RunnerProbe p = { .order = { .bytes = { i } },
                          .kind = TICK_CONFIRM,
                          .number = number,
                          .deadline = hub_now(f) + 10 * USEC_PER_SEC };

        return runner_probe(f->runner, &p);
}

static void wait_ticks(Fixture *f, unsigned n) {
        TURN_UNTIL(&f->check, f->n >= n);
}

static void turn_for(Fixture *f, usec_t time) {
        usec_t end = now_boottime() + time;

        while (now_boottime() < end)
                uv_run(&f->check.loop, UV_RUN_NOWAIT);
}

static void on_grid(const Tick *t, const Order *o) {
        int64_t interval = (int64_t)o->interval_ms * (int64_t)USEC_PER_MSEC,
                off = t->start - o->start - t->number * interval;

        assert_true(off >= -(int64_t)USEC_PER_MSEC && off < interval / 2);
}

static void slots_are_checked_on_their_grid_once_each(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/200");
        RunnerOrder o = order_of(f, 1, &spec);

        o.order.interval_ms = T_CALM / USEC_PER_MSEC;
        assert_int_equal(runner_add(f->runner, &o), 0);
        wait_ticks(f, 1);
        assert_false(f->urgent); /* up is no news */
        wait_ticks(f, 4);
        for (unsigned i = 0; i < 4; i++) {
                assert_memory_equal(&f->ticks[i].order, &o.id, sizeof(o.id));
                assert_int_equal(f->ticks[i].kind, TICK_SCHEDULED);
                assert_true(i == 0 || f->ticks[i].number > f->ticks[i - 1].number);
                on_grid(&f->ticks[i], &o.order);
        }
        assert_int_equal(f->ticks[0].outcome, TICK_UP);
        assert_int_equal(f->ticks[0].number, 0);
        assert_false(f->urgent);
}

static void a_closed_port_is_a_tick_too(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.closed_port, "/");
        RunnerOrder o = order_of(f, 1, &spec);

        assert_int_equal(runner_add(f->runner, &o), 0);
        wait_ticks(f, 1);
        assert_int_equal(f->ticks[0].outcome, TICK_DOWN);
        assert_int_equal(f->ticks[0].error, TICK_ERROR_REFUSED);
        assert_true(f->urgent); /* it is news */
        wait_ticks(f, 2);
        assert_false(f->urgent);
}

static void what_is_refused_is_told_with_its_order(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = { 0 };
        RunnerOrder o = order_of(f, 1, &spec);

        assert_int_equal(spec_default(&spec, "http://10.0.0.1/"), 0);
        assert_int_equal(runner_add(f->runner, &o), 0);
        wait_ticks(f, 1);
        assert_int_equal(f->ticks[0].outcome, TICK_ABSTAIN);
        assert_int_equal(f->refused, 1);
        assert_int_equal(f->refusal, CHECK_REFUSED_TARGET);
}

static void what_was_signed_before_is_not_checked_again(void **state) {
        Fixture *f = *state;
        OrderId id = { .bytes = { 1 } };
        SpoolProgress progress[] = { { id, false, 3 }, { id, true, 7 } };
        SpoolBatch b = { .incarnation = 1, .sequence = 1, .frame = (const uint8_t *)"x", .n = 1 };
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/200");
        RunnerOrder o;

        assert_int_equal(spool_put(f->spool->spool, &b, progress, 2), 0);
        o = order_of(f, 1, &spec);
        o.order.interval_ms = T_CALM / USEC_PER_MSEC;
        o.order.start -= 3 * (int64_t)T_CALM; /* slot 3 is next */
        assert_int_equal(runner_add(f->runner, &o), 0);
        assert_int_equal(probe(f, 1, 7), -EALREADY);
        wait_ticks(f, 1);
        assert_int_equal(f->ticks[0].number, 4);
}

static void a_probe_is_checked_at_once_and_once(void **state) {
        Fixture *f = *state;
        RunnerProbe late = { .order = { .bytes = { 1 } }, .kind = TICK_MANUAL, .number = 9 };

        add(f, 1, "/200", ORDER_SPARE);
        assert_int_equal(probe(f, 1, 0), -EALREADY);
        assert_int_equal(probe(f, 1, 3), 0);
        assert_int_equal(probe(f, 1, 3), -EALREADY);
        assert_int_equal(probe(f, 1, 2), -EALREADY);
        assert_int_equal(probe(f, 2, 1), -ENOENT);
        late.deadline = hub_now(f) - 1;
        assert_int_equal(runner_probe(f->runner, &late), -ETIME);
        wait_ticks(f, 1);
        assert_int_equal(f->ticks[0].kind, TICK_CONFIRM);
        assert_int_equal(f->ticks[0].number, 3);
        assert_true(f->urgent);
        assert_int_equal(probe(f, 1, UINT32_MAX), 0);
        wait_ticks(f, 2);
}

static void a_spare_has_no_schedule(void **state) {
        Fixture *f = *state;

        add(f, 1, "/200", ORDER_SPARE);
        runner_reschedule(f->runner);
        turn_for(f, 2 * T);
        assert_int_equal(f->n, 0);
        assert_int_equal(f->check.served, 0);
}

static void a_hanging_target_is_suspect_after_a_second(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/silent");
        RunnerOrder o = order_of(f, 1, &spec);
        usec_t begun;

        o.order.interval_ms = 60000;
        o.order.timeout_ms = 30000;
        assert_int_equal(runner_add(f->runner, &o), 0);
        o.id.bytes[0] = 2; /* a probe is no suspicion */
        o.order.type = ORDER_SPARE;
        assert_int_equal(runner_add(f->runner, &o), 0);
        assert_int_equal(probe(f, 2, 1), 0);
        check_fixture_await(&f->check, &f->check.served, 2);
        begun = now_boottime();
        check_fixture_await(&f->check, &f->suspects, 1);
        assert_int_equal(f->suspected, 0);
        assert_in_range(f->suspected_at - begun, 800 * USEC_PER_MSEC, 3 * USEC_PER_SEC);
        assert_int_equal(f->n, 0);
}

static void each_is_suspect_in_its_own_time(void **state) {
        static const char *const paths[] = { "/silent", "/200", "/silent" };
        Fixture *f = *state;
        usec_t first;

        for (uint8_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, paths[i]);
                RunnerOrder o = order_of(f, 1, &spec);

                o.id.bytes[1] = i;
                o.order.interval_ms = 60000;
                o.order.timeout_ms = 30000;
                assert_int_equal(runner_add(f->runner, &o), 0);
                check_fixture_await(&f->check, &f->check.served, i + 1u);
                turn_for(f, 300 * USEC_PER_MSEC);
        }
        check_fixture_await(&f->check, &f->suspects, 1);
        first = f->suspected_at;
        check_fixture_await(&f->check, &f->suspects, 2);
        assert_in_range(f->suspected_at - first, 400 * USEC_PER_MSEC, 3 * USEC_PER_SEC);
        turn_for(f, 1200 * USEC_PER_MSEC);
        assert_int_equal(f->suspects, 2);
        assert_int_equal(f->n, 1);
}

static void a_check_that_waits_here_is_no_suspicion(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/silent");
        RunnerOrder o = order_of(f, 1, &spec);

        o.order.interval_ms = 60000;
        o.order.timeout_ms = 30000;
        for (uint8_t i = 1; i <= 3; i++) { /* two run at once */
                o.id.bytes[0] = i < 3 ? 2 : 1;
                o.id.bytes[1] = i;
                o.order.type = i < 3 ? ORDER_SPARE : ORDER_SEAT;
                assert_int_equal(runner_add(f->runner, &o), 0);
                if (i < 3)
                        assert_int_equal(runner_probe(f->runner,
                                                      &(RunnerProbe){ .order = o.id,
                                                                      .kind = TICK_REFRESH,
                                                                      .number = 1,
                                                                      .deadline = INT64_MAX }),
                                         0);
        }
        turn_for(f, 1200 * USEC_PER_MSEC);
        assert_int_equal(f->check.served, 2);
        assert_int_equal(f->suspects, 0);
}

static void a_start_too_late_is_no_tick(void **state) {
        Fixture *f = *state;
        RunnerOrder o = add(f, 1, "/200", ORDER_SEAT);

        uv_run(&f->check.loop, UV_RUN_NOWAIT);
        poll(NULL, 0, 100); /* asleep through slot 0 and half of 1 */
        wait_ticks(f, 2);
        for (unsigned i = 0; i < f->n; i++)
                on_grid(&f->ticks[i], &o.order);
        assert_true(f->ticks[0].number > 0);
}

/* Two that hang hold up a third: it starts late, which is no latency. */
static void a_late_start_is_told_as_such(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec silent = check_fixture_spec(f->check.port, "/silent");
        _cleanup_(spec_done) Spec fine = check_fixture_spec(f->check.port, "/200");
        RunnerOrder o[3];

        for (uint8_t i = 0; i < 3; i++) {
                o[i] = order_of(f, i + 1, i < 2 ? &silent : &fine);
                o[i].order.interval_ms = 60000;
                o[i].order.timeout_ms = 900;
                o[i].order.start += i * (int64_t)USEC_PER_MSEC;
                assert_int_equal(runner_add(f->runner, &o[i]), 0);
        }
        wait_ticks(f, 3);
        for (unsigned i = 0; i < 3; i++) {
                const Tick *t = &f->ticks[i];
                int64_t late = t->start - o[t->order.bytes[0] - 1].order.start;

                assert_int_equal(t->number, 0);
                assert_int_equal(t->outcome, t->order.bytes[0] == 3 ? TICK_UP : TICK_DOWN);
                assert_true((late > 500 * (int64_t)USEC_PER_MSEC) == (t->outcome == TICK_UP));
                assert_true((tick_total(t) > 500 * USEC_PER_MSEC) == (t->outcome == TICK_DOWN));
        }
        assert_int_equal(runner_late(f->runner), 0); /* it is still of its slot */
}

static void what_begins_in_another_slot_is_counted(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec silent = check_fixture_spec(f->check.port, "/silent");
        RunnerOrder o = order_of(f, 1, &silent);

        o.order.timeout_ms = 400; /* of the two that run; the third waits for six slots */
        assert_int_equal(runner_add(f->runner, &o), 0);
        TURN_UNTIL(&f->check, runner_late(f->runner) > 0);
        for (unsigned i = 0; i < f->n; i++)
                assert_true(f->ticks[i].number < 2 || f->ticks[i].number > 2);
}

static void a_removed_order_ends(void **state) {
        Fixture *f = *state;
        OrderId id = { .bytes = { 1 } };
        unsigned n;

        add(f, 1, "/200", ORDER_SEAT);
        wait_ticks(f, 1);
        runner_remove(f->runner, &id);
        runner_remove(f->runner, &id);
        assert_int_equal(runner_count(f->runner), 0);
        turn_for(f, T);
        n = f->n;
        turn_for(f, 2 * T);
        assert_int_equal(f->n, n);
}

static void its_check_under_way_ends_as_it_ends(void **state) {
        Fixture *f = *state;
        OrderId id = { .bytes = { 1 } };

        add(f, 1, "/200", ORDER_SPARE);
        assert_int_equal(probe(f, 1, 1), 0);
        runner_remove(f->runner, &id);
        wait_ticks(f, 1);
        assert_int_equal(f->ticks[0].outcome, TICK_UP);
}

static void a_reset_keeps_what_comes_again_and_makes_room(void **state) {
        Fixture *f = *state;
        RunnerOrder kept = add(f, 1, "/200", ORDER_SPARE);

        add(f, 2, "/200", ORDER_SEAT);
        add(f, 3, "/200", ORDER_SEAT); /* it is full */
        assert_int_equal(probe(f, 1, 5), 0);
        runner_mark(f->runner);
        runner_keep(f->runner, &kept.id);
        runner_keep(f->runner, &(OrderId){ .bytes = { 9 } });
        runner_sweep(f->runner);
        assert_int_equal(runner_count(f->runner), 1);
        assert_int_equal(runner_add(f->runner, &kept), 0);
        add(f, 4, "/200", ORDER_SEAT);
        assert_int_equal(runner_count(f->runner), 2);
        assert_int_equal(probe(f, 1, 5), -EALREADY); /* it is the same one */
        assert_int_equal(probe(f, 2, 1), -ENOENT);
}

static void orders_are_bounded_and_spares_make_room(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/200");
        RunnerOrder o;

        add(f, 1, "/200", ORDER_SEAT);
        add(f, 2, "/200", ORDER_SPARE);
        add(f, 3, "/200", ORDER_SPARE);
        add(f, 4, "/200", ORDER_SEAT);
        assert_int_equal(runner_count(f->runner), 3);
        assert_int_equal(probe(f, 2, 1), -ENOENT);
        assert_int_equal(probe(f, 3, 1), 0);
        add(f, 5, "/200", ORDER_SEAT);
        o = order_of(f, 6, &spec);
        assert_int_equal(runner_add(f->runner, &o), -ENOBUFS);
}

static void a_longer_timeout_than_the_owner_allows_is_refused(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/200");
        RunnerOrder o = order_of(f, 1, &spec);

        o.order.interval_ms = 3600 * 1000;
        o.order.timeout_ms = 60 * 1000 + 1;
        assert_int_equal(runner_add(f->runner, &o), -ERANGE);
        o.order.timeout_ms = 60 * 1000;
        assert_int_equal(runner_add(f->runner, &o), 0);
}

static void probes_of_an_order_are_few_at_once(void **state) {
        Fixture *f = *state;

        add(f, 1, "/200", ORDER_SPARE);
        assert_int_equal(probe(f, 1, 1), 0);
        assert_int_equal(probe(f, 1, 2), 0);
        assert_int_equal(probe(f, 1, 3), -EBUSY);
        wait_ticks(f, 2);
        for (uint32_t i = 3; i <= RUNNER_PROBES_BURST; i++) {
                assert_int_equal(probe(f, 1, i), 0); /* 3 was not spent */
                wait_ticks(f, i);
        }
        assert_int_equal(probe(f, 1, 20), -EBUSY); /* they come too fast */
        assert_int_equal(runner_dropped(f->runner), 0);
}

/* What is signed of an order has rising numbers. */
static void a_probe_that_overtakes_waits_for_the_one_before(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/200-later");
        RunnerOrder o = order_of(f, 1, &spec);

        o.order.type = ORDER_SPARE;
        o.order.timeout_ms = 300;
        assert_int_equal(runner_add(f->runner, &o), 0);
        assert_int_equal(probe(f, 1, 1), 0);
        check_fixture_await(&f->check, &f->check.served, 1);
        assert_int_equal(probe(f, 1, 2), 0);
        check_fixture_await(&f->check, &f->check.served, 2);
        wait_ticks(f, 2);
        assert_int_equal(f->ticks[0].number, 1);
        assert_int_equal(f->ticks[0].outcome, TICK_DOWN);
        assert_int_equal(f->ticks[1].number, 2);
        assert_int_equal(f->ticks[1].outcome, TICK_UP);
        assert_true(f->ticks[1].start < f->ticks[0].start + 300 * (int64_t)USEC_PER_MSEC);
        assert_int_equal(probe(f, 1, 3), 0); /* none is under way any more */
        assert_int_equal(probe(f, 1, 4), 0);
        runner_remove(f->runner, &o.id);
        wait_ticks(f, 4);
}

static void what_does_not_fit_into_the_queue_is_counted(void **state) {
        Fixture *f = *state;

        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/silent");
        RunnerOrder o = order_of(f, 1, &spec);
        usec_t slots;

        o.order.timeout_ms = 30000;
        assert_int_equal(runner_add(f->runner, &o), 0);
        TURN_UNTIL(&f->check, runner_dropped(f->runner) >= 2);
        slots = (hub_now(f) - (usec_t)o.order.start) / T + 1;
        assert_in_range(runner_dropped(f->runner), 2, slots - 5); /* two run, three wait */
        assert_int_equal(f->n, 0);
}

static void a_corrected_clock_moves_the_slots(void **state) {
        Fixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->check.port, "/200");
        RunnerOrder o = order_of(f, 1, &spec);

        o.order.start += 3600 * (int64_t)USEC_PER_SEC;
        assert_int_equal(runner_add(f->runner, &o), 0);
        turn_for(f, T);
        assert_int_equal(f->n, 0);
        f->hub_time.offset += 3600 * (int64_t)USEC_PER_SEC;
        runner_reschedule(f->runner);
        wait_ticks(f, 1);
        on_grid(&f->ticks[0], &o.order);
}

static void a_time_beyond_all_slots_stops_them(void **state) {
        Fixture *f = *state;

        hub_time_reset(&f->hub_time, now_boottime(), INT64_MAX);
        add(f, 1, "/200", ORDER_SEAT);
        f->hub_time.offset = INT64_MIN / 2;
        runner_reschedule(f->runner);
        turn_for(f, T);
        assert_int_equal(f->n, 0);
}

#define RUNNER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                RUNNER_TEST(slots_are_checked_on_their_grid_once_each),
                RUNNER_TEST(a_closed_port_is_a_tick_too),
                RUNNER_TEST(what_is_refused_is_told_with_its_order),
                RUNNER_TEST(what_was_signed_before_is_not_checked_again),
                RUNNER_TEST(a_probe_is_checked_at_once_and_once),
                RUNNER_TEST(a_spare_has_no_schedule),
                RUNNER_TEST(a_hanging_target_is_suspect_after_a_second),
                RUNNER_TEST(each_is_suspect_in_its_own_time),
                RUNNER_TEST(a_check_that_waits_here_is_no_suspicion),
                RUNNER_TEST(a_start_too_late_is_no_tick),
                RUNNER_TEST(a_late_start_is_told_as_such),
                RUNNER_TEST(what_begins_in_another_slot_is_counted),
                RUNNER_TEST(a_removed_order_ends),
                RUNNER_TEST(its_check_under_way_ends_as_it_ends),
                RUNNER_TEST(a_reset_keeps_what_comes_again_and_makes_room),
                RUNNER_TEST(orders_are_bounded_and_spares_make_room),
                RUNNER_TEST(a_longer_timeout_than_the_owner_allows_is_refused),
                RUNNER_TEST(probes_of_an_order_are_few_at_once),
                RUNNER_TEST(a_probe_that_overtakes_waits_for_the_one_before),
                RUNNER_TEST(what_does_not_fit_into_the_queue_is_counted),
                RUNNER_TEST(a_corrected_clock_moves_the_slots),
                RUNNER_TEST(a_time_beyond_all_slots_stops_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
