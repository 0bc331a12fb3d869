/* Ticks become a chain of signed batches, once each, whatever happens to disk, clock and hub. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "spool-fixture.h"
#include "validator/sealer.h"

typedef struct Fixture {
        SpoolFixture *spool;
        uv_loop_t loop;
        HubTime hub_time;
        Sealer *sealer;
        unsigned sealed;
} Fixture;

static void on_sealed(void *userdata) {
        Fixture *f = userdata;

        f->sealed++;
}

static void start(Fixture *f) {
        SealerOptions options = { .key = f->spool->key,
                                  .hub_time = &f->hub_time,
                                  .spool = f->spool->spool,
                                  .sealed = on_sealed,
                                  .userdata = f };

        assert_int_equal(sealer_new(&f->sealer, &f->loop, &options), 0);
        sealer_set_network(f->sealer, &f->spool->scope.network);
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        if (!f || spool_fixture_setup((void **)&f->spool) < 0)
                return -1;
        uv_loop_init(&f->loop);
        hub_time_reset(&f->hub_time, now_boottime(), (usec_t)FIXTURE_TIME);
        start(f);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        sealer_free(f->sealer);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        spool_fixture_teardown((void **)&f->spool);
        free(f);
        return 0;
}

static Tick tick(uint32_t number) {
        Tick t = fixture_tick(0);

        t.number = number;
        return t;
}

static int add(Fixture *f, uint32_t number) {
        Tick t = tick(number);

        return sealer_add(f->sealer, &t, false);
}

/* The frame after a sequence, parsed and verified. */
typedef struct Found {
        const SignScope *scope;
        Sealer *sealer; /* seals the gap before it, when there is one */
        uint64_t from;
        Batch *batch;
        Hash hash;
} Found;

static void visit(const SpoolBatch *b, void *userdata) {
        static uint8_t gap[BATCH_FRAME_MAX];
        Found *found = userdata;
        int n = found->sealer ? sealer_gap_before(found->sealer, b, found->from, gap) : (int)b->n;

        assert_true(n > 0);
        assert_int_equal(batch_parse(found->sealer ? gap : b->frame, (size_t)n, &found->batch), 0);
        assert_int_equal(batch_verify(found->batch, found->scope), 0);
        found->hash = b->hash;
}

static Batch *batch_after(Fixture *f, uint64_t incarnation, uint64_t after) {
        Found found = { .scope = &f->spool->scope };

        assert_int_equal(spool_next(f->spool->spool, incarnation, after, visit, &found), 1);
        if (found.batch->header.type == BATCH_TICKS)
                assert_memory_equal(&found.batch->hash, &found.hash, sizeof(Hash));
        return found.batch;
}

static Batch *gap_before(Fixture *f, uint64_t incarnation, uint64_t after, uint64_t from) {
        Found found = { .scope = &f->spool->scope, .sealer = f->sealer, .from = from };

        assert_int_equal(spool_next(f->spool->spool, incarnation, after, visit, &found), 1);
        return found.batch;
}

static void batches_are_signed_and_chained(void **state) {
        Fixture *f = *state;
        uint64_t incarnation = sealer_incarnation(f->sealer);
        _cleanup_(batch_freep) Batch *first = NULL, *second = NULL;
        const Hash zeros = { 0 };

        assert_in_range(incarnation, 1, INT64_MAX);
        assert_int_equal(add(f, 1), 0);
        assert_int_equal(add(f, 2), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(add(f, 3), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(f->sealed, 2);
        assert_int_equal(sealer_ticks(f->sealer), 3);

        first = batch_after(f, incarnation, 0);
        second = batch_after(f, incarnation, 1);
        assert_int_equal(first->header.sequence, 1);
        assert_memory_equal(&first->header.previous, &zeros, sizeof(zeros));
        assert_int_equal(first->header.count, 2);
        assert_int_equal(first->header.flags, 0);
        assert_in_range(first->header.created, FIXTURE_TIME, FIXTURE_TIME + 100 * 1000000);
        assert_int_equal(first->ticks[1].number, 2);
        assert_int_equal(second->header.sequence, 2);
        assert_memory_equal(&second->header.previous, &first->hash, sizeof(Hash));
        assert_memory_not_equal(second->secret, first->secret, BATCH_SECRET_SIZE);
}

/* The loop ends when no timer is left. */
static usec_t seal_by_timer(Fixture *f) {
        usec_t begun;

        uv_update_time(&f->loop);
        begun = now_boottime();
        uv_run(&f->loop, UV_RUN_DEFAULT);
        return now_boottime() - begun;
}

static int add_urgent(Fixture *f, uint32_t number) {
        Tick probe = tick(number);

        probe.kind = TICK_CONFIRM;
        return sealer_add(f->sealer, &probe, true);
}

static void ticks_wait_for_company_and_urgent_ones_only_a_moment(void **state) {
        Fixture *f = *state;

        uv_update_time(&f->loop);
        assert_int_equal(add(f, 1), 0);
        assert_int_equal(f->sealed, 0);
        assert_in_range(seal_by_timer(f), SEALER_DELAY / 2, 2 * SEALER_DELAY);
        assert_int_equal(f->sealed, 1);

        uv_update_time(&f->loop);
        assert_int_equal(add(f, 3), 0);
        for (uint32_t i = 1; i <= 50; i++)
                assert_int_equal(add_urgent(f, i), 0);
        assert_int_equal(add(f, 4), 0);
        assert_int_equal(f->sealed, 1);
        assert_in_range(seal_by_timer(f), 0, 100 * USEC_PER_MSEC);
        assert_int_equal(f->sealed, 2); /* one commit for all of them */
        assert_int_equal(sealer_ticks(f->sealer), 53);
}

static int add_refreshed(Fixture *f, uint32_t number, TickOutcome outcome) {
        Tick probe = tick(number);

        probe.kind = TICK_REFRESH;
        probe.outcome = outcome;
        probe.error = outcome == TICK_UP ? TICK_ERROR_NONE : TICK_ERROR_REFUSED;
        return sealer_add(f->sealer, &probe, true);
}

static void a_refreshed_vote_goes_with_others_unless_it_is_news(void **state) {
        Fixture *f = *state;

        uv_update_time(&f->loop);
        assert_int_equal(add_refreshed(f, 1, TICK_UP), 0);
        assert_in_range(seal_by_timer(f), 0, 100 * USEC_PER_MSEC);

        uv_update_time(&f->loop);
        assert_int_equal(add(f, 3), 0);
        assert_int_equal(add_refreshed(f, 2, TICK_UP), 0);
        assert_in_range(seal_by_timer(f), SEALER_DELAY / 2, 2 * SEALER_DELAY);
        assert_int_equal(f->sealed, 2);

        uv_update_time(&f->loop);
        assert_int_equal(add(f, 4), 0);
        assert_int_equal(add_refreshed(f, 3, TICK_DOWN), 0);
        assert_in_range(seal_by_timer(f), 0, 100 * USEC_PER_MSEC);
        assert_int_equal(f->sealed, 3);
}

static void a_full_buffer_is_sealed_at_once(void **state) {
        Fixture *f = *state;

        uv_update_time(&f->loop);
        for (uint32_t i = 1; i <= BATCH_TICKS_MAX; i++)
                assert_int_equal(add(f, i), 0);
        assert_in_range(seal_by_timer(f), 0, 100 * USEC_PER_MSEC);
        assert_int_equal(f->sealed, 1);
        assert_int_equal(sealer_ticks(f->sealer), BATCH_TICKS_MAX);
}

static void one_parcel_is_filled_while_the_other_is_stored(void **state) {
        Fixture *f = *state;
        uint64_t incarnation = sealer_incarnation(f->sealer);
        _cleanup_(batch_freep) Batch *first = NULL, *last = NULL;

        for (uint32_t i = 1; i <= 2 * BATCH_TICKS_MAX; i++)
                assert_int_equal(add(f, i), 0);
        for (uint32_t i = 1; i <= BATCH_TICKS_MAX; i++)
                assert_int_equal(add(f, i), -EALREADY); /* stored or not */
        assert_int_equal(add(f, 2 * BATCH_TICKS_MAX + 1), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_ticks(f->sealer), 2 * BATCH_TICKS_MAX + 1);
        first = batch_after(f, incarnation, 0);
        last = batch_after(f, incarnation, 2);
        assert_int_equal(first->ticks[0].number, 1);
        assert_int_equal(last->header.count, 1);
        assert_int_equal(last->header.sequence, 3);
}

static void one_that_is_being_stored_is_waited_for_at_the_end(void **state) {
        Fixture *f = *state;
        uint64_t incarnation = sealer_incarnation(f->sealer);

        for (uint32_t i = 1; i <= BATCH_TICKS_MAX; i++)
                assert_int_equal(add(f, i), 0);
        sealer_free(f->sealer);
        assert_int_equal(f->sealed, 0); /* nobody is told any more */
        assert_int_equal(spool_after(f->spool->spool, incarnation, 0), 1);
        start(f);
}

static Tick tick_of(unsigned order, uint32_t number) {
        Tick t = tick(number);

        memcpy(t.order.bytes + 8, &order, sizeof(order));
        return t;
}

/* Of those that come while others are stored it is found later. */
static void more_orders_than_are_remembered_are_signed_once_each(void **state) {
        Fixture *f = *state;

        for (unsigned turn = 0; turn < 2; turn++)
                for (unsigned i = 0; i < 6000; i++) {
                        Tick t = tick_of(i, 7);
                        int r = sealer_add(f->sealer, &t, false);

                        assert_true(r == 0 || (turn == 1 && r == -EALREADY));
                }
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_ticks(f->sealer), 6000);
}

static void begin_to_store(Fixture *f, unsigned order) {
        for (uint32_t i = 1; i <= BATCH_TICKS_MAX; i++) {
                Tick t = tick_of(order, i);

                assert_int_equal(sealer_add(f->sealer, &t, false), 0);
        }
}

/* Signed before the restart: number 5 of order 1. */
static void what_comes_while_others_are_stored_is_asked_for_later(void **state) {
        Fixture *f = *state;
        Tick before = tick_of(1, 5), same = before, lower = tick_of(1, 4), next = tick_of(1, 6);
        _cleanup_(batch_freep) Batch *last = NULL;

        assert_int_equal(sealer_add(f->sealer, &before, false), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        sealer_free(f->sealer);
        start(f);
        begin_to_store(f, 2);
        assert_int_equal(sealer_add(f->sealer, &lower, false), 0);
        assert_int_equal(sealer_add(f->sealer, &same, false), 0);
        assert_int_equal(sealer_add(f->sealer, &same, false), -EALREADY);
        assert_int_equal(sealer_add(f->sealer, &next, false), 0);
        assert_int_equal(sealer_add(f->sealer, &same, false), -EALREADY);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_ticks(f->sealer), BATCH_TICKS_MAX + 1);
        last = batch_after(f, sealer_incarnation(f->sealer), 1);
        assert_int_equal(last->header.count, 1);
        assert_int_equal(last->ticks[0].number, 6);
        assert_int_equal(sealer_add(f->sealer, &next, false), -EALREADY);
        assert_int_equal(sealer_add(f->sealer, &same, false), -EALREADY);
}

static void a_parcel_that_was_all_signed_before_is_no_batch(void **state) {
        Fixture *f = *state;
        Tick before = tick_of(1, 5);

        assert_int_equal(sealer_add(f->sealer, &before, false), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        sealer_free(f->sealer);
        start(f);
        begin_to_store(f, 2);
        assert_int_equal(sealer_add(f->sealer, &before, false), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(spool_after(f->spool->spool, sealer_incarnation(f->sealer), 1), 0);
        begin_to_store(f, 3);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_ticks(f->sealer), 2 * BATCH_TICKS_MAX);
}

static void a_number_is_signed_once(void **state) {
        Fixture *f = *state;
        Tick probe = tick(5);

        assert_int_equal(add(f, 5), 0);
        assert_int_equal(add(f, 5), -EALREADY);
        assert_int_equal(add(f, 4), -EALREADY);
        probe.kind = TICK_MANUAL;
        assert_int_equal(sealer_add(f->sealer, &probe, false), 0);
        probe.kind = TICK_CONFIRM; /* numbers are of all probes of an order */
        assert_int_equal(sealer_add(f->sealer, &probe, false), -EALREADY);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(add(f, 5), -EALREADY);
        assert_int_equal(sealer_add(f->sealer, &probe, false), -EALREADY);
        sealer_free(f->sealer);
        start(f);
        assert_int_equal(add(f, 5), -EALREADY);
        assert_int_equal(add(f, 6), 0);
        probe.order.bytes[0] ^= 1;
        assert_int_equal(sealer_add(f->sealer, &probe, false), 0);
}

static void what_is_no_tick_is_not_sealed(void **state) {
        Fixture *f = *state;
        Tick t = tick(1);

        t.error = TICK_ERROR_DNS; /* and up */
        assert_int_equal(sealer_add(f->sealer, &t, false), -EINVAL);
        t = tick(1);
        t.start = -1;
        assert_int_equal(sealer_add(f->sealer, &t, false), -EINVAL);
        assert_int_equal(add(f, 1), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_ticks(f->sealer), 1);
}

static void nothing_is_sealed_for_no_network(void **state) {
        Fixture *f = *state;
        SealerOptions options = { .key = f->spool->key,
                                  .hub_time = &f->hub_time,
                                  .spool = f->spool->spool,
                                  .sealed = on_sealed,
                                  .userdata = f };

        sealer_free(f->sealer);
        assert_int_equal(sealer_new(&f->sealer, &f->loop, &options), 0);
        for (uint32_t i = 1; i <= BATCH_TICKS_MAX; i++)
                assert_int_equal(add(f, i), 0);
        assert_int_equal(add(f, BATCH_TICKS_MAX + 1), -ENOBUFS);
        assert_int_equal(sealer_refused(f->sealer), 1);
        sealer_set_network(f->sealer, &f->spool->scope.network);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_ticks(f->sealer), BATCH_TICKS_MAX);
}

static void an_unheard_hub_is_told_of(void **state) {
        Fixture *f = *state;
        _cleanup_(batch_freep) Batch *b = NULL;

        hub_time_guess(&f->hub_time, now_boottime(), now_realtime());
        assert_int_equal(add(f, 1), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        b = batch_after(f, sealer_incarnation(f->sealer), 0);
        assert_int_equal(b->header.flags, BATCH_UNSYNCED);
}

static void a_disk_that_fails_loses_nothing(void **state) {
        Fixture *f = *state;
        struct rlimit before, small;

        assert_int_equal(add(f, 1), 0);
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = (struct rlimit){ 1, before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_true(sealer_flush(f->sealer) < 0);
        assert_int_equal(add(f, 2), 0);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(f->sealed, 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_ticks(f->sealer), 2);
        assert_int_equal(spool_after(f->spool->spool, sealer_incarnation(f->sealer), 0), 1);
}

static void a_bounded_spool_tells_what_it_dropped(void **state) {
        Fixture *f = *state;
        _cleanup_(batch_freep) Batch *gap = NULL, *next = NULL;
        uint64_t incarnation;
        SpoolStats stats;

        sealer_free(f->sealer);
        spool_fixture_reopen(f->spool, 2000);
        start(f);
        incarnation = sealer_incarnation(f->sealer);
        for (uint32_t i = 1; i <= 20; i++) {
                assert_int_equal(add(f, i), 0);
                assert_int_equal(sealer_flush(f->sealer), 0);
                spool_stats(f->spool->spool, &stats);
                assert_true(stats.bytes <= 2000);
        }
        gap = batch_after(f, incarnation, 0);
        assert_int_equal(gap->header.type, BATCH_GAP);
        assert_int_equal(gap->gap.from, 1);
        assert_int_equal(gap->gap.lost, gap->header.sequence);
        assert_int_equal(stats.dropped_ticks, gap->gap.lost);
        next = batch_after(f, incarnation, gap->header.sequence);
        assert_int_equal(next->header.sequence, gap->header.sequence + 1);
        assert_memory_equal(&next->header.previous, &gap->header.previous, sizeof(Hash));
}

static void a_fork_is_sealed_anew_and_flagged(void **state) {
        Fixture *f = *state;
        uint64_t old = sealer_incarnation(f->sealer), fresh;
        _cleanup_(batch_freep) Batch *first = NULL, *second = NULL;

        f->hub_time.synced = false;
        assert_int_equal(add(f, 1), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        f->hub_time.synced = true;
        assert_int_equal(add(f, 2), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        assert_int_equal(sealer_reseal(f->sealer, old, 2), 2);
        fresh = sealer_incarnation(f->sealer);
        assert_int_not_equal(fresh, old);
        assert_int_equal(spool_after(f->spool->spool, old, 0), 0);
        first = batch_after(f, fresh, 0);
        second = batch_after(f, fresh, 1);
        assert_int_equal(first->header.flags, BATCH_RESEALED | BATCH_UNSYNCED);
        assert_int_equal(second->header.flags, BATCH_RESEALED);
        assert_int_equal(second->ticks[0].number, 2);
        assert_memory_equal(&second->header.previous, &first->hash, sizeof(Hash));
        assert_int_equal(sealer_reseal(f->sealer, old, 2), 0);
        assert_int_equal(sealer_incarnation(f->sealer), fresh);
}

static void a_fork_on_a_failing_disk_keeps_what_it_has(void **state) {
        Fixture *f = *state;
        uint64_t old = sealer_incarnation(f->sealer);
        struct rlimit before, small;

        assert_int_equal(add(f, 1), 0);
        assert_int_equal(sealer_flush(f->sealer), 0);
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = (struct rlimit){ 1, before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_true(sealer_reseal(f->sealer, old, 9) < 0);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(spool_after(f->spool->spool, old, 0), 1);
        assert_int_equal(sealer_reseal(f->sealer, old, 9), 1);
}

static void a_long_fork_is_sealed_a_few_batches_at_once(void **state) {
        Fixture *f = *state;
        uint64_t old = sealer_incarnation(f->sealer), fresh;
        _cleanup_(batch_freep) Batch *last = NULL;

        for (uint32_t i = 1; i <= 5; i++) {
                assert_int_equal(add(f, i), 0);
                assert_int_equal(sealer_flush(f->sealer), 0);
        }
        assert_int_equal(sealer_reseal(f->sealer, old, 2), 2);
        fresh = sealer_incarnation(f->sealer);
        assert_int_equal(spool_after(f->spool->spool, old, 0), 3);
        assert_int_equal(sealer_reseal(f->sealer, old, 2), 2);
        assert_int_equal(sealer_reseal(f->sealer, old, 2), 1);
        assert_int_equal(sealer_incarnation(f->sealer), fresh);
        assert_int_equal(spool_after(f->spool->spool, old, 0), 0);
        last = batch_after(f, fresh, 4);
        assert_int_equal(last->ticks[0].number, 5);
}

static void what_the_hub_lacks_and_is_gone_becomes_a_gap(void **state) {
        Fixture *f = *state;
        uint64_t incarnation = sealer_incarnation(f->sealer);
        _cleanup_(batch_freep) Batch *gap = NULL, *third = NULL;

        for (uint32_t i = 1; i <= 3; i++) {
                assert_int_equal(add(f, i), 0);
                assert_int_equal(sealer_flush(f->sealer), 0);
        }
        assert_int_equal(spool_drop(f->spool->spool, incarnation, 2), 0);
        third = batch_after(f, incarnation, 0);
        gap = gap_before(f, incarnation, 0, 1);
        assert_int_equal(gap->header.type, BATCH_GAP);
        assert_int_equal(gap->gap.from, 1);
        assert_int_equal(gap->header.sequence, 2);
        assert_memory_equal(&gap->header.previous, &third->header.previous, sizeof(Hash));
}

static void a_gap_that_begins_too_late_is_told_anew(void **state) {
        Fixture *f = *state;
        uint64_t incarnation;
        _cleanup_(batch_freep) Batch *stored = NULL, *told = NULL;

        sealer_free(f->sealer);
        spool_fixture_reopen(f->spool, 1000);
        start(f);
        incarnation = sealer_incarnation(f->sealer);
        for (uint32_t i = 1; i <= 10; i++) {
                assert_int_equal(add(f, i), 0);
                assert_int_equal(sealer_flush(f->sealer), 0);
                if (i == 2)
                        assert_int_equal(spool_drop(f->spool->spool, incarnation, 2), 0);
        }
        stored = batch_after(f, incarnation, 0);
        assert_int_equal(stored->gap.from, 3);
        told = gap_before(f, incarnation, 0, 1);
        assert_int_equal(told->gap.from, 1);
        assert_int_equal(told->gap.lost, stored->gap.lost);
        assert_int_equal(told->header.sequence, stored->header.sequence);
        assert_memory_equal(&told->header.previous, &stored->header.previous, sizeof(Hash));
}

#define SEALER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                SEALER_TEST(batches_are_signed_and_chained),
                SEALER_TEST(ticks_wait_for_company_and_urgent_ones_only_a_moment),
                SEALER_TEST(a_refreshed_vote_goes_with_others_unless_it_is_news),
                SEALER_TEST(a_full_buffer_is_sealed_at_once),
                SEALER_TEST(one_parcel_is_filled_while_the_other_is_stored),
                SEALER_TEST(one_that_is_being_stored_is_waited_for_at_the_end),
                SEALER_TEST(what_comes_while_others_are_stored_is_asked_for_later),
                SEALER_TEST(a_parcel_that_was_all_signed_before_is_no_batch),
                SEALER_TEST(more_orders_than_are_remembered_are_signed_once_each),
                SEALER_TEST(a_number_is_signed_once),
                SEALER_TEST(what_is_no_tick_is_not_sealed),
                SEALER_TEST(nothing_is_sealed_for_no_network),
                SEALER_TEST(an_unheard_hub_is_told_of),
                SEALER_TEST(a_disk_that_fails_loses_nothing),
                SEALER_TEST(a_bounded_spool_tells_what_it_dropped),
                SEALER_TEST(a_fork_is_sealed_anew_and_flagged),
                SEALER_TEST(a_fork_on_a_failing_disk_keeps_what_it_has),
                SEALER_TEST(a_long_fork_is_sealed_a_few_batches_at_once),
                SEALER_TEST(what_the_hub_lacks_and_is_gone_becomes_a_gap),
                SEALER_TEST(a_gap_that_begins_too_late_is_told_anew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
