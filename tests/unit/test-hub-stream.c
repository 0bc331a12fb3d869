/* Exactly once and never stuck: every step a stream can take. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/stream.h"

#define NOW (20000 * USEC_PER_DAY)

static Hash hash_of(uint64_t n) {
        Hash h = { 0 };

        memcpy(h.bytes, &n, sizeof(n));
        return h;
}

static StreamStep step(const StreamTable *t, uint64_t incarnation, uint64_t sequence,
                       uint64_t previous) {
        Batch b = { .header = { .type = BATCH_TICKS,
                                .incarnation = incarnation,
                                .sequence = sequence,
                                .previous = hash_of(previous) } };

        return stream_table_step(t, &b, NOW);
}

static StreamStep step_gap(const StreamTable *t, uint64_t from, uint64_t to) {
        Batch b = { .header = { .type = BATCH_GAP, .incarnation = 1, .sequence = to },
                    .gap = { .from = from } };

        return stream_table_step(t, &b, NOW);
}

static void move(StreamTable *t, uint64_t incarnation, uint64_t last) {
        Hash h = hash_of(last);

        assert_int_equal(stream_table_move(t, incarnation, last, &h, NOW), 0);
}

static void a_new_stream_begins_at_one_with_zeros(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;

        assert_int_equal(stream_table_new(&t), 0);
        assert_int_equal(stream_table_expected(t, 1), 1);
        assert_int_equal(step(t, 1, 2, 1), STREAM_AHEAD);
        assert_int_equal(step(t, 1, 1, 9), STREAM_FORK);
        assert_int_equal(step(t, 1, 1, 0), STREAM_TAKE);
        assert_null(stream_table_find(t, 1)); /* asking opens nothing */
}

static void it_goes_on_by_one_from_its_hash(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;

        assert_int_equal(stream_table_new(&t), 0);
        move(t, 1, 1);
        move(t, 1, 2);
        assert_int_equal(stream_table_expected(t, 1), 3);
        assert_int_equal(step(t, 1, 3, 2), STREAM_TAKE);
        assert_int_equal(step(t, 1, 3, 1), STREAM_FORK);
        assert_int_equal(step(t, 1, 4, 3), STREAM_AHEAD);
        assert_int_equal(step(t, 2, 1, 0), STREAM_TAKE); /* another stream is another matter */
        assert_int_equal(stream_table_move(t, 1, 2, &(Hash){ 0 }, NOW), -EINVAL);
}

static void until_its_commit_a_batch_sent_again_waits(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;

        assert_int_equal(stream_table_new(&t), 0);
        move(t, 1, 1);
        move(t, 1, 2);
        assert_int_equal(step(t, 1, 1, 0), STREAM_WAITING);
        stream_table_committed(t, 1, 1);
        assert_int_equal(step(t, 1, 1, 0), STREAM_SEEN);
        assert_int_equal(step(t, 1, 2, 1), STREAM_WAITING);
        stream_table_committed(t, 1, 1000); /* no further than it came */
        assert_int_equal(stream_table_find(t, 1)->committed, 2);
        stream_table_committed(t, 1, 1);
        assert_int_equal(step(t, 1, 2, 1), STREAM_SEEN);
        stream_table_committed(t, 7, 1); /* unknown: nothing happens */
        assert_null(stream_table_find(t, 7));
}

static void a_gap_fits_when_it_reaches_the_position(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;

        assert_int_equal(stream_table_new(&t), 0);
        assert_int_equal(step_gap(t, 1, 4), STREAM_TAKE);
        assert_int_equal(step_gap(t, 2, 4), STREAM_AHEAD);
        move(t, 1, 4);
        assert_int_equal(step_gap(t, 1, 4), STREAM_WAITING); /* it came twice */
        stream_table_committed(t, 1, 4);
        assert_int_equal(step_gap(t, 1, 4), STREAM_SEEN);
        assert_int_equal(step_gap(t, 5, 9), STREAM_TAKE);
        assert_int_equal(step_gap(t, 2, 9), STREAM_TAKE); /* it may overlap what came */
        assert_int_equal(step_gap(t, 6, 9), STREAM_AHEAD);
        assert_int_equal(step(t, 1, 5, 4), STREAM_TAKE); /* and the stream goes on behind it */
}

static void loaded_streams_are_committed(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;
        Stream s = { .incarnation = 1, .last = 5, .hash = hash_of(5) };

        assert_int_equal(stream_table_new(&t), 0);
        assert_int_equal(stream_table_load(t, &s, NOW, NOW), 0);
        assert_int_equal(step(t, 1, 5, 4), STREAM_SEEN);
        assert_int_equal(step(t, 1, 6, 5), STREAM_TAKE);
        move(t, 1, 6);
        assert_int_equal(stream_table_load(t, &s, NOW, NOW), 0); /* what is known is newer */
        assert_int_equal(stream_table_find(t, 1)->last, 6);
        assert_int_equal(stream_table_count(t), 1);
}

static void there_are_limits_and_open_ones_go_on(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;
        const uint64_t later = NOW + STREAMS_LIVE_TIME;
        Batch b = { .header = { .type = BATCH_TICKS, .incarnation = 9999, .sequence = 1 } };

        assert_int_equal(stream_table_new(&t), 0);
        for (uint64_t i = 1; i <= STREAMS_LIVE_MAX; i++) {
                assert_int_equal(step(t, i, 1, 0), STREAM_TAKE);
                move(t, i, 1);
        }
        assert_int_equal(step(t, 9999, 1, 0), STREAM_TOO_MANY);
        assert_int_equal(step(t, 1, 2, 1), STREAM_TAKE); /* open ones go on */
        assert_int_equal(stream_table_step(t, &b, later), STREAM_TAKE);
        assert_int_equal(stream_table_move(t, 9999, 1, &(Hash){ 0 }, later), 0);
        for (uint64_t i = 1; i <= STREAMS_LIVE_MAX; i++)
                assert_int_equal(step(t, i, 1, 0), STREAM_WAITING);
}

static void a_day_has_so_many_new_ones(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;
        Batch b = { .header = { .type = BATCH_TICKS, .sequence = 1 } };
        usec_t now = NOW;

        assert_int_equal(stream_table_new(&t), 0);
        for (uint64_t i = 1; i <= STREAMS_DAY_MAX; i++) {
                now += USEC_PER_MIN + USEC_PER_SEC;
                b.header.incarnation = i;
                assert_int_equal(stream_table_step(t, &b, now), STREAM_TAKE);
                assert_int_equal(stream_table_move(t, i, 1, &(Hash){ 0 }, now), 0);
        }
        b.header.incarnation = 9999;
        assert_int_equal(stream_table_step(t, &b, now + STREAMS_LIVE_TIME), STREAM_TOO_MANY);
        assert_int_equal(stream_table_step(t, &b, NOW + USEC_PER_DAY + 2 * USEC_PER_MIN),
                         STREAM_TAKE);
}

/* A hub that was restarted knows how many there are and were. */
static void limits_count_what_was_loaded(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;
        Stream s = { .last = 1 };

        assert_int_equal(stream_table_new(&t), 0);
        for (s.incarnation = 1; s.incarnation < STREAMS_DAY_MAX; s.incarnation++)
                assert_int_equal(stream_table_load(t, &s, NOW - USEC_PER_DAY / 2,
                                                   NOW - STREAMS_LIVE_TIME),
                                 0);
        assert_true(stream_table_may_open(t, NOW));
        assert_int_equal(stream_table_load(t, &s, NOW - USEC_PER_DAY, NOW - STREAMS_LIVE_TIME), 0);
        assert_true(stream_table_may_open(t, NOW));
        s.incarnation++;
        assert_int_equal(stream_table_load(t, &s, NOW - USEC_PER_DAY + 1, NOW - STREAMS_LIVE_TIME),
                         0);
        assert_false(stream_table_may_open(t, NOW));
        assert_true(stream_table_may_open(t, NOW + 1));

        for (unsigned i = 0; i < STREAMS_LIVE_MAX; i++) {
                s.incarnation++;
                assert_int_equal(stream_table_load(t, &s, 0, NOW + 1), 0);
        }
        assert_false(stream_table_may_open(t, NOW + 1));
        assert_true(stream_table_may_open(t, NOW + 1 + STREAMS_LIVE_TIME));
}

typedef struct Forgotten {
        unsigned n;
        uint64_t sum;
} Forgotten;

static void on_forgotten(uint64_t incarnation, void *userdata) {
        Forgotten *f = userdata;

        f->n++;
        f->sum += incarnation;
}

static void idle_ones_are_forgotten(void **state _unused_) {
        _cleanup_(stream_table_freep) StreamTable *t = NULL;
        Stream s = { .last = 7 };
        Forgotten f = { 0 };

        assert_int_equal(stream_table_new(&t), 0);
        for (s.incarnation = 1; s.incarnation <= 8; s.incarnation++)
                assert_int_equal(stream_table_load(t, &s, NOW, NOW + (s.incarnation & 1)), 0);
        stream_table_forget(t, NOW, on_forgotten, &f);
        assert_int_equal(f.n, 0);
        stream_table_forget(t, NOW + 1, on_forgotten, &f);
        assert_int_equal(f.n, 4);
        assert_int_equal(f.sum, 2 + 4 + 6 + 8);
        assert_int_equal(stream_table_count(t), 4);
        assert_null(stream_table_find(t, 2));
        assert_int_equal(stream_table_find(t, 7)->last, 7);
        assert_int_equal(step(t, 2, 1, 0), STREAM_TAKE); /* as if it had never been */

        move(t, 2, 1); /* not in the database yet */
        stream_table_forget(t, NOW + USEC_PER_DAY, on_forgotten, &f);
        assert_int_equal(f.n, 8);
        assert_int_equal(stream_table_count(t), 1);
        stream_table_committed(t, 2, 1);
        stream_table_forget(t, NOW + USEC_PER_DAY, on_forgotten, &f);
        assert_int_equal(stream_table_count(t), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_stream_begins_at_one_with_zeros),
                cmocka_unit_test(it_goes_on_by_one_from_its_hash),
                cmocka_unit_test(until_its_commit_a_batch_sent_again_waits),
                cmocka_unit_test(a_gap_fits_when_it_reaches_the_position),
                cmocka_unit_test(loaded_streams_are_committed),
                cmocka_unit_test(there_are_limits_and_open_ones_go_on),
                cmocka_unit_test(a_day_has_so_many_new_ones),
                cmocka_unit_test(limits_count_what_was_loaded),
                cmocka_unit_test(idle_ones_are_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
