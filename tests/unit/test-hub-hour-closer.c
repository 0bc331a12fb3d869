/* Hours as the hub closes them against what sql/ computes from the same ticks, verdicts and
 * orders. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/hour-closer.h"
#include "store-fixture.h"

#define LAMPORTS 3
#define MANY     20000 /* ticks of a part: more than there are */

/* The last four hours of yesterday; 41 websites, each looked at by four, of whom one has a great
 * number. Ticks of all kinds and outcomes, some late, some twice, of orders that are known,
 * another's, or gone; verdicts in a chain for each. Of websites 30 to 35 there are verdicts only,
 * of 36 to 41 ticks only; of website 2 what lies at a border, of website 3 very many verdicts, of
 * website 41 ticks at the borders of all buckets. */
static const char made_up[] =
                "SELECT setseed(%g);"
                "CREATE FUNCTION pg_temp.at(p text) RETURNS timestamptz LANGUAGE sql AS"
                " $$ SELECT ((now() AT TIME ZONE 'UTC')::date - 1 + p::time) AT TIME ZONE 'UTC' $$;"
                "CREATE FUNCTION pg_temp.validator(seat bigint) RETURNS integer LANGUAGE sql AS"
                " $$ SELECT CASE seat WHEN 4 THEN 2000000000 ELSE seat END::integer $$;"
                "SELECT partition_ensure('tick_page', current_date - 2, current_date + 1);"
                "INSERT INTO validator (id, key) OVERRIDING SYSTEM VALUE"
                " SELECT pg_temp.validator(4), decode(repeat('44', 32), 'hex');"
                "INSERT INTO website (public_id, organisation_id, url, interval_ms, timeout_ms)"
                " SELECT gen_random_uuid(), 1, 'http://w' || i || '.example/', 60000, 10000"
                "   FROM generate_series(4, 41) AS i;"
                "INSERT INTO work_order (id, public_id, website_id, validator_id, epoch, type, "
                "seat, n,"
                "   interval_ms, timeout_ms, starts_at, bytes, spec_hash)"
                " SELECT 10 * w + v, decode(md5(w || ' ' || v), 'hex'), w, pg_temp.validator(v), "
                "1, 1, v, 4,"
                "   60000, 10000, pg_temp.at('20:00'), '', decode(repeat('aa', 32), 'hex')"
                "   FROM generate_series(2, 41) AS w, generate_series(1, 4) AS v WHERE w %% 7 <> 0;"
                "INSERT INTO verdict_span (website_id, state, assurance, cause, started_at, "
                "ended_at,"
                "   first_evidence_at, n, votes, commit_no)"
                " SELECT w, state, 'full', 'quorum', at, lead(at) OVER (PARTITION BY w ORDER BY "
                "at, k), at,"
                "   4, '[]', 1 FROM ("
                "     SELECT w, k, pg_temp.at('20:00') + random() * interval '4 hours' AS at,"
                "       (ARRAY['UP', 'UP', 'DOWN', 'PARTIAL', 'DEGRADED', 'UNKNOWN', 'PAUSED',"
                "         'MAINTENANCE'])[1 + floor(8 * random())] AS state"
                "       FROM generate_series(1, 35) AS w, generate_series(1, 100) AS k"
                "       WHERE w <> 2 AND (k <= 12 OR w = 3)"
                "     UNION ALL SELECT 2, k, pg_temp.at(t), state FROM (VALUES (1, '20:00', "
                "'PAUSED'),"
                "       (2, '20:30', 'DOWN'), (3, '20:30', 'UP'), (4, '21:00', 'DOWN'),"
                "       (5, '22:00', 'UP')) AS x (k, t, state)) AS chain;"
                "CREATE TEMP TABLE made AS"
                " SELECT pg_temp.at('20:00') + n * interval '1 minute' + random() * interval '50 "
                "s' AS at,"
                "   CASE WHEN random() < 0.1 THEN 10 * w + 1 ELSE 10 * w + v END AS id, w, v,"
                "   n - (random() < 0.1)::integer AS n, (1 + floor(3 * random() ^ 2))::integer AS "
                "o,"
                "   (ARRAY['s', 's', 'c', 'm', 'r'])[1 + floor(5 * random())]::\"char\" AS kind,"
                "   random() < 0.1 AS late, NULL::integer AS us"
                "   FROM generate_series(1, 40) AS w, generate_series(1, 4) AS v,"
                "     generate_series(0, 239, 2) AS n WHERE w <> 2 AND w NOT BETWEEN 30 AND 35;"
                "INSERT INTO made SELECT pg_temp.at(t), 21, 2, 1, row_number() OVER (), 1, 's', "
                "false, NULL"
                "   FROM "
                "unnest('{20:00,20:14:59.999999,20:15,20:28:49.999999,20:28:50,20:30,20:59:59."
                "999999,"
                "     21:00,21:58:49.999999,21:58:50,21:59:59.999999,22:00}'::text[]) AS t;"
                "INSERT INTO made SELECT pg_temp.at('20:00') + k * interval '8 s' + d * interval "
                "'1 s',"
                "   411, 41, 1, 8 * k + d, 1, 's', false, ceil(100 * 1.04 ^ k) + d"
                "   FROM generate_series(0, 430) AS k, generate_series(-1, 1) AS d WHERE 8 * k + d "
                ">= 0;"
                "INSERT INTO tick_page SELECT span, w, tick_join(bits) FROM ("
                "   SELECT tick_span(at) AS span, w, tick_bits(at, id, 1, pg_temp.validator(v), n,"
                "       coalesce(us, (900 * random())::integer),"
                "       CASE WHEN us IS NULL THEN (9000 * random())::integer ELSE 0 END,"
                "       CASE WHEN us IS NULL THEN (90000 * random())::integer ELSE 0 END,"
                "       CASE WHEN us IS NULL THEN (2000000000 * random() ^ 9)::integer ELSE 0 END,"
                "       CASE WHEN us IS NULL THEN (500 * random())::integer ELSE 0 END, 200, o,"
                "       CASE o WHEN 1 THEN 0 ELSE 1 + floor(20 * random())::integer END, kind, "
                "late) AS bits,"
                "     (row_number() OVER (PARTITION BY tick_span(at), w ORDER BY random()) - 1) / "
                "16 AS page"
                "     FROM made) AS x GROUP BY span, w, page;"
                "DROP TABLE made;";

/* What sql/ makes of it is kept, and undone. */
static const char wanted[] =
                "SELECT hours_close(%s, interval '10 minutes', %d, 1000);"
                "CREATE TABLE want_hour AS SELECT * FROM rollup_hour;"
                "CREATE TABLE want_validator AS SELECT * FROM rollup_validator_hour;"
                "CREATE TABLE want_day AS SELECT * FROM rollup_day;"
                "CREATE TABLE want_closed AS SELECT hour FROM closed_hour;"
                "CREATE TABLE want_paid AS SELECT kind, validator_id, hour, ticks, debit, credit, "
                "amount"
                "  FROM ledger_entry;"
                "ALTER TABLE ledger_entry DISABLE TRIGGER USER; DELETE FROM ledger_entry;"
                "ALTER TABLE ledger_entry ENABLE TRIGGER USER;"
                "TRUNCATE rollup_hour, rollup_validator_hour, rollup_day, closed_hour;";

static const char forgotten[] =
                "ALTER TABLE ledger_entry DISABLE TRIGGER USER; DELETE FROM ledger_entry;"
                "ALTER TABLE ledger_entry ENABLE TRIGGER USER;"
                "DROP TABLE IF EXISTS want_hour, want_validator, want_day, want_closed, want_paid;"
                "TRUNCATE rollup_hour, rollup_validator_hour, rollup_day, closed_hour, tick_page,"
                "  verdict_span CASCADE;"
                "DELETE FROM work_order WHERE id > 4; DELETE FROM website WHERE id > 3;"
                "DELETE FROM validator WHERE id = 2000000000;"
                "ALTER SEQUENCE website_id_seq RESTART WITH 4;";

typedef struct Bench {
        StoreFixture *fixture;
        HourCloser *closer;
        int64_t lamports;
        unsigned asked, most;  /* may_work(): it may so often */
        const char *interlude; /* SQL, when it is asked the second time */
        usec_t closed;
} Bench;

static usec_t midnight(void) {
        return now_realtime() / USEC_PER_DAY * USEC_PER_DAY;
}

static bool may_work(void *userdata) {
        Bench *b = userdata;

        if (b->asked == 1 && b->interlude)
                fixture_sql(b->fixture, b->interlude);
        return b->asked++ < b->most;
}

static void on_done(int r, usec_t closed, void *userdata) {
        Bench *b = userdata;

        b->closed = closed;
        b->fixture->r = r;
        b->fixture->done = true;
}

static int close_one(Bench *b) {
        const HourCloserWork work = { .due = { midnight() + 10 * USEC_PER_MIN, 10 * USEC_PER_MIN },
                                      .lamports = b->lamports };

        b->asked = 0;
        assert_int_equal(hour_closer_start(b->closer, &work), 0);
        assert_true(hour_closer_is_busy(b->closer));
        fixture_wait(b->fixture);
        assert_false(hour_closer_is_busy(b->closer));
        return b->fixture->r;
}

static void run(StoreFixture *f, const char *format, ...) _printf_(2, 3);

static void run(StoreFixture *f, const char *format, ...) {
        _cleanup_free_ char *sql = NULL;
        va_list args;

        va_start(args, format);
        assert_true(vasprintf(&sql, format, args) > 0);
        va_end(args);
        fixture_sql(f, sql);
}

static void expect_same(StoreFixture *f, const char *want, const char *found) {
        _cleanup_free_ char *sql = NULL;

        assert_true(asprintf(&sql,
                             "SELECT (SELECT count(*) > 0 FROM %1$s)"
                             "   || ' ' || (SELECT count(*) FROM (TABLE %1$s EXCEPT %2$s) AS x)"
                             "   || ' ' || (SELECT count(*) FROM (%2$s EXCEPT TABLE %1$s) AS x)",
                             want, found) > 0);
        fixture_expect(f, sql, "true 0 0");
}

static void expect_wanted(StoreFixture *f) {
        expect_same(f, "want_hour", "TABLE rollup_hour");
        expect_same(f, "want_validator", "TABLE rollup_validator_hour");
        expect_same(f, "want_day", "TABLE rollup_day");
        expect_same(f, "want_closed", "SELECT hour FROM closed_hour");
        expect_same(f, "want_paid",
                    "SELECT kind, validator_id, hour, ticks, debit, credit, amount"
                    " FROM ledger_entry");
}

/* Of other ticks with each seed. */
static Bench bench_open(StoreFixture *f, double seed) {
        Bench b = { .fixture = f, .lamports = LAMPORTS, .most = UINT32_MAX };

        run(f, made_up, seed);
        run(f, wanted, "date_trunc('day', now(), 'UTC') + interval '10 minutes'", LAMPORTS);
        return b;
}

/* In its place: it is told of itself. */
static void bench_begin(Bench *b, unsigned part_ticks) {
        const HourCloserOptions options = { .store = b->fixture->store,
                                            .part_ticks = part_ticks,
                                            .may_work = may_work,
                                            .done = on_done,
                                            .userdata = b };

        assert_int_equal(hour_closer_new(&b->closer, &options), 0);
}

static void bench_close(Bench *b) {
        hour_closer_free(b->closer);
        run(b->fixture, forgotten);
}

/* This hour and all after it. */
static void close_from(Bench *b, unsigned hour) {
        for (; hour < 24; hour++) {
                assert_int_equal(close_one(b), 0);
                assert_int_equal(b->closed, midnight() - (24 - hour) * USEC_PER_HOUR);
        }
        assert_int_equal(close_one(b), 0);
        assert_int_equal(b->closed, 0);
}

static void an_hour_is_what_sql_makes_of_it(void **state) {
        Bench b = bench_open(*state, 0.1);

        bench_begin(&b, MANY);
        close_from(&b, 20);
        expect_wanted(*state);
        bench_close(&b);
}

/* Each part is too large at first, the next ones are smaller. */
static void an_hour_in_many_parts_is_the_same(void **state) {
        Bench b = bench_open(*state, 0.4);

        bench_begin(&b, 250);
        assert_int_equal(close_one(&b), 0);
        assert_in_range(b.asked, 2 * 10, 2 * 41 + 1);
        close_from(&b, 21);
        expect_wanted(*state);
        bench_close(&b);
}

static void an_hour_may_be_worth_nothing(void **state) {
        Bench b = bench_open(*state, 0.8);

        b.lamports = 0;
        bench_begin(&b, MANY);
        close_from(&b, 20);
        expect_same(*state, "want_hour", "TABLE rollup_hour");
        fixture_expect(*state, "SELECT count(*) FROM ledger_entry", "0");
        bench_close(&b);
}

static void expect_not_closed(StoreFixture *f) {
        fixture_expect(f, "SELECT count(*) > 0 FROM rollup_hour", "t");
        fixture_expect(f, "SELECT count(*) FROM closed_hour", "0");
        fixture_expect(f, "SELECT count(*) FROM ledger_entry", "0");
}

/* Whoever was ended, or may not go on, has closed nothing; whoever begins again closes it. */
static void an_hour_is_closed_at_last_or_not(void **state) {
        Bench b = bench_open(*state, 0.5);

        bench_begin(&b, MANY);
        b.most = 3;
        assert_int_equal(close_one(&b), -ECANCELED);
        expect_not_closed(*state);
        b.most = UINT32_MAX;
        close_from(&b, 20);
        expect_wanted(*state);
        bench_close(&b);
}

static void a_connection_may_be_lost_on_the_way(void **state) {
        Bench b = bench_open(*state, 0.6);

        bench_begin(&b, MANY);
        b.interlude = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE pid <> pg_backend_pid() AND datname = current_database()";
        assert_in_range(-close_one(&b), 1, 200);
        fixture_wait(*state); /* it is there again */
        b.interlude = NULL;
        fixture_expect(*state, "SELECT count(*) FROM closed_hour", "0");
        close_from(&b, 20);
        expect_wanted(*state);
        bench_close(&b);
}

/* Two hubs that change over: the second one finds it closed, and changes nothing of it. */
static void somebody_else_may_close_it_meanwhile(void **state) {
        Bench b = bench_open(*state, 0.7);

        bench_begin(&b, MANY);
        b.interlude = "INSERT INTO closed_hour SELECT min(hour) FROM want_closed";
        assert_int_equal(close_one(&b), 0);
        assert_int_equal(b.closed, 0);
        fixture_expect(*state, "SELECT count(*) FROM rollup_hour", "0");
        fixture_expect(*state, "SELECT count(*) FROM ledger_entry", "0");
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_hour_is_what_sql_makes_of_it),
                cmocka_unit_test(an_hour_in_many_parts_is_the_same),
                cmocka_unit_test(an_hour_may_be_worth_nothing),
                cmocka_unit_test(an_hour_is_closed_at_last_or_not),
                cmocka_unit_test(a_connection_may_be_lost_on_the_way),
                cmocka_unit_test(somebody_else_may_close_it_meanwhile),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
