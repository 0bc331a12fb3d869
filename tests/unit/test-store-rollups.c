/* Closed hours against a second computation of the same ticks, and the life of partitions. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/rollups.h"
#include "store/ticks.h"
#include "store/verdicts.h"

#define LAMPORTS 3
#define THE_HOUR "date_trunc('hour', now(), 'UTC') - interval '2 hours'"
#define BUCKETS  500 /* of 100 us and 4 % each */

typedef struct Span {
        const char *state;
        unsigned from, to; /* minutes from the hour */
} Span;

static const Span spans[] = {
        { "UP", 0, 20 },       { "DOWN", 20, 30 },   { "PARTIAL", 30, 40 },
        { "UNKNOWN", 40, 45 }, { "PAUSED", 45, 50 }, { "UP", 50, 60 },
};

/* What the hour must come to, counted here. */
typedef struct Sums {
        unsigned up, down, abstain, refused;
        unsigned histogram[BUCKETS];
        uint64_t phases[5], max[5];
        unsigned paid[5]; /* by validator */
} Sums;

static usec_t hour_of(usec_t t) {
        return t / USEC_PER_HOUR * USEC_PER_HOUR;
}

/* The hour before last. */
static usec_t the_hour(void) {
        return hour_of(now_realtime()) - 2 * USEC_PER_HOUR;
}

static void put_spans(StoreFixture *f) {
        PqTransaction *t = pq_transaction_new();
        usec_t hour = the_hour();

        for (size_t i = 0; i < ELEMENTSOF(spans); i++)
                verdict_put(t, &(const VerdictRow){ .website = 1,
                                                    .state = spans[i].state,
                                                    .assurance = "full",
                                                    .cause = "quorum",
                                                    .n = 4,
                                                    .started = hour + spans[i].from * USEC_PER_MIN -
                                                               (i == 0 ? 10 * USEC_PER_MIN : 0),
                                                    .first_evidence = hour });
        assert_int_equal(fixture_commit(f, t), 0);
}

/* The rule of payment, word for word: on time, and right at its start or at any moment until start
 * + interval + timeout; in PARTIAL and UNKNOWN whatever it says. */
static bool is_paid(const TickRow *row) {
        usec_t start = (usec_t)row->tick.start - the_hour(), end = start + 70 * USEC_PER_SEC;

        for (size_t i = 0; i < ELEMENTSOF(spans) && !row->late; i++) {
                usec_t from = spans[i].from * USEC_PER_MIN, to = spans[i].to * USEC_PER_MIN;
                bool touched = from <= end && (to > start || i + 1 == ELEMENTSOF(spans));
                const char *state = spans[i].state;

                if (touched && (!strcmp(state, "PARTIAL") || !strcmp(state, "UNKNOWN") ||
                                (!strcmp(state, "UP") && row->tick.outcome == TICK_UP) ||
                                (!strcmp(state, "DOWN") && row->tick.outcome == TICK_DOWN)))
                        return true;
        }
        return false;
}

static unsigned bucket_of(uint64_t us) {
        double bound = 100;
        unsigned i = 0;

        while (i + 1 < BUCKETS && (double)us >= bound * 1.04) {
                bound *= 1.04;
                i++;
        }
        return i;
}

static void sum_up(Sums *sums, const TickRow *row) {
        const TickPhases *p = &row->tick.phases;
        const uint32_t phases[5] = { p->dns, p->connect, p->tls, p->wait, p->transfer };

        sums->refused += row->tick.error == TICK_ERROR_REFUSED;
        sums->down += row->tick.outcome == TICK_DOWN;
        sums->abstain += row->tick.outcome == TICK_ABSTAIN;
        if (row->tick.outcome != TICK_UP)
                return;
        sums->up++;
        sums->histogram[bucket_of(tick_total(&row->tick))]++;
        for (size_t i = 0; i < 5; i++) {
                sums->phases[i] += phases[i];
                sums->max[i] = MAX(sums->max[i], phases[i]);
        }
}

static TickRow made_up(uint32_t validator, uint32_t slot) {
        uint32_t x = (validator * 7919 + slot) * 2654435761u;
        TickOutcome outcome = x >> 28 < 9 ? TICK_UP : x >> 28 < 15 ? TICK_DOWN : TICK_ABSTAIN;

        return (TickRow){
                .website = 1,
                .validator = validator,
                .order = validator,
                .late = slot % 17 == 3,
                .tick = { .outcome = outcome,
                          .number = slot,
                          .kind = TICK_SCHEDULED,
                          .error = outcome == TICK_UP     ? 0
                                   : outcome == TICK_DOWN ? 2
                                                          : 16,
                          .start = (int64_t)(the_hour() + slot * USEC_PER_MIN +
                                             validator * 14 * USEC_PER_SEC),
                          .phases = { x % 977, x % 7919, x % 30011, x % 500009, x % 101 } },
        };
}

static void put_ticks(StoreFixture *f, Sums *sums) {
        PqTransaction *t = pq_transaction_new();

        for (uint32_t v = 1; v <= 4; v++) {
                for (uint32_t slot = 0; slot < 60; slot++) {
                        TickRow row = made_up(v, slot);
                        bool twice = slot % 20 == 9; /* resealed by two machines with one key */

                        fixture_put_ticks(t, (const TickRow[]){ row, row }, twice ? 2 : 1);
                        sum_up(sums, &row);
                        if (twice)
                                sum_up(sums, &row);
                        sums->paid[v] += is_paid(&row);
                }
        }
        assert_int_equal(fixture_commit(f, t), 0);
}

static void on_count(int r, int64_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, (size_t)n);

        fixture_note(f, "%ld", (long)n);
}

/* 150 minutes after that hour began, those that have been over for ten minutes. */
static void close_hours(const StoreFixture *f, unsigned most, const char *closed) {
        char sql[256];

        (void)snprintf(sql, sizeof(sql),
                       "SELECT hours_close(" THE_HOUR " + interval '150 minutes',"
                       " interval '10 minutes', %d, %u)",
                       LAMPORTS, most);
        fixture_expect(f, sql, closed);
}

static void expect_histogram(StoreFixture *f, const Sums *sums) {
        char text[4096];
        int n = 0;

        for (size_t i = 0; i < BUCKETS; i++)
                if (sums->histogram[i] > 0)
                        n += snprintf(text + n, sizeof(text) - (size_t)n, "%s{%zu,%u}",
                                      n ? "," : "{", i, sums->histogram[i]);
        (void)snprintf(text + n, sizeof(text) - (size_t)n, "}");
        fixture_expect(f,
                       "SELECT histogram FROM rollup_hour WHERE website_id = 1 AND hour "
                       "= " THE_HOUR,
                       text);
}

static void expect_hour(StoreFixture *f, const Sums *sums) {
        char text[256];

        (void)snprintf(text, sizeof(text), "%u %u %u %u %lu %lu %lu %lu %lu", sums->up, sums->down,
                       sums->abstain, sums->refused, 30 * USEC_PER_MIN, 20 * USEC_PER_MIN,
                       10 * USEC_PER_MIN, sums->phases[3], sums->max[2]);
        fixture_expect(f,
                       "SELECT concat_ws(' ', up, down, abstain, classes->>'2', up_us, down_us,"
                       " other_us, phase_sum_us[4], phase_max_us[3]) FROM rollup_hour"
                       " WHERE website_id = 1 AND hour = " THE_HOUR,
                       text);
        expect_histogram(f, sums);
        fixture_expect(f,
                       "SELECT sum(up) FROM rollup_validator_hour WHERE hour = " THE_HOUR
                       " AND website_id = 1",
                       (snprintf(text, sizeof(text), "%u", sums->up), text));
}

static void expect_pay(StoreFixture *f, const Sums *sums) {
        char text[256];

        (void)snprintf(text, sizeof(text), "%u:%u %u:%u %u:%u %u:%u", sums->paid[1],
                       sums->paid[1] * LAMPORTS, sums->paid[2], sums->paid[2] * LAMPORTS,
                       sums->paid[3], sums->paid[3] * LAMPORTS, sums->paid[4],
                       sums->paid[4] * LAMPORTS);
        fixture_expect(f,
                       "SELECT string_agg(ticks || ':' || amount, ' ' ORDER BY validator_id)"
                       " FROM ledger_entry WHERE hour = " THE_HOUR,
                       text);
}

static void nothing_to_close(void **state) {
        close_hours(*state, 10, "0");
}

static void an_hour_is_what_its_ticks_and_spans_say(void **state) {
        StoreFixture *f = *state;
        Sums sums = { 0 };

        put_spans(f);
        put_ticks(f, &sums);
        assert_in_range(sums.paid[1], 10,
                        55);    /* made-up data that pays all or nothing proves little */
        close_hours(f, 1, "1"); /* the hour of the first span, without ticks */
        close_hours(f, 10, "2");
        close_hours(f, 10, "0");
        expect_hour(f, &sums);
        expect_pay(f, &sums);
}

static void closing_again_changes_nothing(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "CREATE TABLE before AS SELECT * FROM rollup_hour;"
                       "CREATE TABLE paid AS SELECT * FROM ledger_entry;"
                       "SELECT rollup_hour_close(" THE_HOUR ");"
                       "SELECT ledger_hour_close(" THE_HOUR ", 3)");
        fixture_expect(f,
                       "SELECT count(*) FROM (SELECT * FROM rollup_hour EXCEPT"
                       " SELECT * FROM before) AS x",
                       "0");
        fixture_expect(f,
                       "SELECT count(*) FROM (SELECT * FROM ledger_entry EXCEPT"
                       " SELECT * FROM paid) AS x",
                       "0");
}

static void a_day_is_the_sum_of_its_hours(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "SELECT rollup_day_close(d::date) FROM generate_series("
                       "(SELECT min(hour) AT TIME ZONE 'UTC' FROM rollup_hour),"
                       " now() AT TIME ZONE 'UTC' + interval '1 day', '1 day') AS d;");
        fixture_expect(f,
                       "SELECT (d.up = h.up AND d.us = h.us AND d.low = h.low AND d.sums = h.sums)"
                       "  FROM (SELECT sum(up) AS up, sum(up_us + down_us + other_us) AS us,"
                       "    histogram_sum(histogram) AS low, sum(phase_sum_us[5]) AS sums"
                       "    FROM rollup_day) AS d,"
                       "  (SELECT sum(up) AS up, sum(up_us + down_us + other_us) AS us,"
                       "    histogram_sum(histogram) AS low, sum(phase_sum_us[5]) AS sums"
                       "    FROM rollup_hour) AS h",
                       "t");
}

/* Of a thousand times between 0.1 ms and 30 s, in two histograms that are merged. */
static void percentiles_are_within_two_percent(void **state) {
        fixture_expect(*state,
                       "WITH made AS MATERIALIZED (SELECT k % 2 AS half,"
                       "    (100 * exp(random() * 12.6))::bigint AS us"
                       "      FROM generate_series(1, 1000) AS k),"
                       "  buckets AS (SELECT half, histogram_bucket(us) AS b, count(*)::integer n"
                       "    FROM made GROUP BY 1, 2),"
                       "  merged AS (SELECT histogram_sum(h) AS h FROM (SELECT"
                       "      array_agg(ARRAY[b, n] ORDER BY b) AS h FROM buckets"
                       "      GROUP BY half) AS halves),"
                       "  exact AS (SELECT p, (SELECT percentile_disc(p) WITHIN GROUP (ORDER BY us)"
                       "      FROM made) / 1000.0 AS ms FROM unnest(ARRAY[0.01, 0.1, 0.5, 0.9,"
                       "      0.95, 0.99, 0.999, 1.0]) AS p)"
                       " SELECT count(*) || ' ' || (max(abs(histogram_quantile(h, p) / ms - 1))"
                       "    <= 0.02) FROM exact, merged",
                       "8 true");
        fixture_expect(*state, "SELECT histogram_quantile('{}', 0.5) IS NULL", "t");
}

static void books_cannot_be_changed(void **state) {
        static const char *const attempts[] = {
                "UPDATE ledger_entry SET amount = 1",
                "DELETE FROM ledger_entry",
                "TRUNCATE ledger_entry",
        };
        char text[256];

        for (size_t i = 0; i < ELEMENTSOF(attempts); i++) {
                (void)snprintf(text, sizeof(text),
                               "DO $$ BEGIN %s; ASSERT false; EXCEPTION WHEN SQLSTATE 'DP002'"
                               " THEN NULL; END $$",
                               attempts[i]);
                fixture_sql(*state, text);
        }
}

static void keep_partitions(StoreFixture *f, unsigned days, const char *changed) {
        const Retention retention = { .now = now_realtime(), .days_raw = days, .days_hour = 90 };

        assert_int_equal(partitions_keep(f->store, &retention, on_count, f, NULL), 0);
        fixture_expect_text(f, changed);
}

static void old_partitions_go_once_their_hours_are_closed(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "SELECT partition_ensure('tick_page', current_date - 10,"
                       " current_date - 7)");
        keep_partitions(f, 7, "3");
        keep_partitions(f, 7, "0");
        fixture_sql(f, "TRUNCATE closed_hour;");
        keep_partitions(f, 5, "0");
        fixture_sql(f, "DROP TABLE tick_batch;"
                       "CREATE TABLE tick_batch (LIKE before) PARTITION BY RANGE (hour);");
        keep_partitions(f, 5, "6"); /* made again */
}

/* While old rollups are deleted, which may be many, no lock is held that ticks would wait for. */
static void rollups_go_before_partitions_do(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                       "  ASSERT NOT EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid()"
                       "    AND mode = 'AccessExclusiveLock' AND relation"
                       "      IN ('tick_page'::regclass, 'tick_batch'::regclass));"
                       "  RETURN OLD; END $$;"
                       "CREATE TRIGGER look BEFORE DELETE ON rollup_hour"
                       "  FOR EACH ROW EXECUTE FUNCTION look();"
                       "UPDATE rollup_hour SET hour = hour - interval '100 days';"
                       "TRUNCATE closed_hour; INSERT INTO closed_hour VALUES (now());"
                       "SELECT partition_ensure('tick_page', current_date - 9,"
                       "                        current_date - 9)");
        keep_partitions(f, 7, "1");
        fixture_expect(f, "SELECT count(*) FROM rollup_hour", "0");
        fixture_sql(f, "DROP TRIGGER look ON rollup_hour");
}

/* Whichever way PostgreSQL goes to find partitions. */
static void no_other_table_is_taken_for_a_day(void **state) {
        fixture_sql(*state, "SET enable_nestloop = off;"
                            "SELECT partition_drop('tick_page', '2000-01-01')");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_to_close),
                cmocka_unit_test(an_hour_is_what_its_ticks_and_spans_say),
                cmocka_unit_test(closing_again_changes_nothing),
                cmocka_unit_test(a_day_is_the_sum_of_its_hours),
                cmocka_unit_test(percentiles_are_within_two_percent),
                cmocka_unit_test(books_cannot_be_changed),
                cmocka_unit_test(old_partitions_go_once_their_hours_are_closed),
                cmocka_unit_test(rollups_go_before_partitions_do),
                cmocka_unit_test(no_other_table_is_taken_for_a_day),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
