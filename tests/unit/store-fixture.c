/* One PostgreSQL per test program, migrated from sql/. */
#include "store-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "event/pq-script.h"
#include "loop-turn.h"
#include "store/migrate.h"
#include "store/statements.h"

#define SQL_DIRECTORY TESTS_DIR "/../sql"
#define TICK_ROWS     TESTS_DIR "/tick-rows.sql"

static const char seed[] =
                "INSERT INTO organisation (public_id, name) VALUES"
                "  ('00000000-0000-7000-8000-0000000000f1', 'first'),"
                "  ('00000000-0000-7000-8000-0000000000f2', 'second');"
                "INSERT INTO website (public_id, organisation_id, url, name, interval_ms, "
                "timeout_ms)"
                "  SELECT ('00000000-0000-7000-8000-00000000000' || i)::uuid, (i + 1) / 2,"
                "         'https://site' || i || '.example/', 'Site ' || i, 60000, 10000"
                "    FROM generate_series(1, 3) AS i ORDER BY i;"
                "INSERT INTO validator (key, name, state, region, approved_at)"
                "  SELECT decode(repeat(lpad(to_hex(i), 2, '0'), 32), 'hex'), 'v' || i, 'approved',"
                "         'eu', now() FROM generate_series(1, 4) AS i ORDER BY i;"
                "INSERT INTO specification VALUES (decode(repeat('aa', 32), 'hex'), '\\x01');"
                "INSERT INTO work_order (id, public_id, website_id, validator_id, epoch, type, "
                "seat, n,"
                "  interval_ms, timeout_ms, starts_at, bytes, spec_hash)"
                "  SELECT i, decode(repeat(lpad(to_hex(i), 2, '0'), 16), 'hex'), 1, i, 1, 1, i - "
                "1, 4,"
                "         60000, 10000, now() - interval '1 day', '\\x02',"
                "         decode(repeat('aa', 32), 'hex') FROM generate_series(1, 4) AS i";

static void on_state(StoreState state, const char *text, void *userdata) {
        StoreFixture *f = userdata;

        if (state == STORE_READY)
                f->done = true;
        else
                (void)fprintf(stderr, "store is %s: %s\n", store_state_name(state), text);
}

static int migrate(const Postgres *postgres) {
        _cleanup_free_ char *error = NULL;
        int r;

        r = store_migrate(postgres_dsn(postgres), SQL_DIRECTORY, &error, NULL);
        if (r < 0)
                (void)fprintf(stderr, "%s\n", error ? error : "cannot migrate");
        return r;
}

/* A file that was renamed is no newer, its directory is. Of a copy that was migrated already,
 * store_migrate() compares what was applied. */
static int prepare_database(StoreFixture *f) {
        if (postgres_start_filled(&f->postgres, "migrated", SQL_DIRECTORY "{,/*.sql}", migrate) <
                            0 ||
            migrate(f->postgres) < 0)
                return -1;
        (void)snprintf(f->dsn, sizeof(f->dsn), "%s", postgres_dsn(f->postgres));
        fixture_sql(f, seed);
        return postgres_psql(f->postgres, NULL, "-f", TICK_ROWS);
}

int store_fixture_setup(void **state) {
        StoreFixture *f = calloc(1, sizeof(StoreFixture));

        *state = f;
        if (!f || uv_loop_init(&f->loop) < 0 || prepare_database(f) < 0)
                return -1;

        if (store_new(&f->store, &f->loop,
                      &(const StoreOptions){ .dsn = f->dsn,
                                             .role = STORE_HUB,
                                             .statements = store_statements(),
                                             .on_state = on_state,
                                             .userdata = f }) < 0)
                return -1;
        fixture_wait(f);
        return 0;
}

static void on_stuck(uv_timer_t *timer) {
        uv_stop(timer->loop);
}

/* A test that failed half-way may have left handles open: they must not keep the program. */
static void close_loop(StoreFixture *f) {
        uv_timer_t stuck;

        uv_timer_init(&f->loop, &stuck);
        uv_timer_start(&stuck, on_stuck, 5000, 0);
        uv_unref((uv_handle_t *)&stuck);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        uv_close((uv_handle_t *)&stuck, NULL);
        uv_run(&f->loop, UV_RUN_NOWAIT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
}

int store_fixture_teardown(void **state) {
        StoreFixture *f = *state;

        f->store = store_free(f->store);
        close_loop(f);
        postgres_stop(f->postgres);
        free(f->text);
        free(f);
        return 0;
}

void fixture_wait(StoreFixture *f) {
        TURN_UNTIL(f, f->done);
        f->done = false;
}

static void keep(StoreFixture *f, int r, const char *text) {
        free(f->text);
        f->text = text ? strdup(text) : NULL;
        f->r = r;
        f->done = true;
}

void fixture_done(int r, const char *error, void *userdata) {
        keep(userdata, r, error);
}

void fixture_json(int r, const char *json, size_t n, void *userdata) {
        StoreFixture *f = userdata;

        keep(f, r, json);
        f->n = n;
}

StoreFixture *fixture_rows(void *userdata, int r, size_t n) {
        StoreFixture *f = userdata;

        keep(f, r, "");
        f->n = n;
        return f;
}

void fixture_note(StoreFixture *f, const char *format, ...) {
        char *line = NULL, *all = NULL;
        va_list ap;

        va_start(ap, format);
        assert_true(vasprintf(&line, format, ap) >= 0);
        va_end(ap);
        assert_true(asprintf(&all, "%s%s", f->text, line) >= 0);
        free(line);
        free(f->text);
        f->text = all;
}

void fixture_expect_text(StoreFixture *f, const char *text) {
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        assert_string_equal(f->text, text);
}

TickRow fixture_tick(uint32_t validator, uint32_t number, usec_t start) {
        return (TickRow){
                .website = 1,
                .validator = validator,
                .order = validator,
                .batch = 1,
                .tick = { .outcome = TICK_UP,
                          .number = number,
                          .start = (int64_t)start,
                          .status = 200,
                          .phases = { 1000, 2000, 3000, 4000, 5500 } },
        };
}

void fixture_put_batch(PqTransaction *t, uint64_t id, uint64_t commit_no, size_t ticks) {
        static const uint8_t codes[8] = { 0, 1, 2, 3, 4, 5, 0, 0 };
        usec_t now = now_realtime();

        batches_put(t,
                    &(const BatchRow){ .id = id,
                                       .validator = 1 + id % 2,
                                       .incarnation = 1,
                                       .sequence = id,
                                       .codes = codes,
                                       .n_codes = ticks,
                                       .frame = (const uint8_t *)"frame",
                                       .n_frame = 5,
                                       .created = now,
                                       .arrived = now,
                                       .commit_no = commit_no },
                    1);
}

void fixture_put_ticks(PqTransaction *t, const TickRow *rows, size_t n) {
        uint8_t bytes[PAGE_TICK_SIZE];

        for (size_t i = 0; i < n; i++) {
                page_encode(&rows[i], bytes);
                page_put(t, &(const TickPage){ .website = rows[i].website,
                                               .n = 1,
                                               .span = page_span(&rows[i].tick),
                                               .ticks = bytes });
        }
}

int fixture_commit(StoreFixture *f, PqTransaction *t) {
        assert_int_equal(store_submit(f->store, t, fixture_done, f, NULL), 0);
        fixture_wait(f);
        if (f->r < 0 && f->text)
                (void)fprintf(stderr, "refused: %s\n", f->text);
        return f->r;
}

void fixture_store_batch(StoreFixture *f, BatchRow row) {
        PqTransaction *t = pq_transaction_new();

        row.validator = 1;
        row.codes = row.frame = (const uint8_t *)"";
        row.created = row.arrived;
        batches_put(t, &row, 1);
        assert_int_equal(fixture_commit(f, t), 0);
}

void fixture_store_ticks(StoreFixture *f, const TickRow *rows, size_t n) {
        PqTransaction *t = pq_transaction_new();

        fixture_put_ticks(t, rows, n);
        assert_int_equal(fixture_commit(f, t), 0);
}

static void keep_value(const char *const *values, size_t n, void *userdata) {
        char **value = userdata;

        free(*value);
        *value = strdup(n > 0 && values[0] ? values[0] : "");
}

static char *run_sql(const StoreFixture *f, const char *sql, bool several) {
        _cleanup_(pq_script_closep) PqScript *s = NULL;
        char *value = NULL;
        int r;

        assert_int_equal(pq_script_open(&s, f->dsn), 0);
        r = several ? pq_script_run(s, sql) : pq_script_query(s, sql, NULL, keep_value, &value);
        if (r < 0)
                fail_msg("%s: %s", sql, pq_script_error(s));
        return value ? value : strdup("");
}

void fixture_sql(const StoreFixture *f, const char *sql) {
        free(run_sql(f, sql, true));
}

void fixture_expect(const StoreFixture *f, const char *sql, const char *value) {
        _cleanup_free_ char *found = run_sql(f, sql, false);

        assert_string_equal(found, value);
}

static const PqStatement *find_statement(const char *name) {
        for (const StoreStatements *l = store_statements(); *l; l++)
                for (StoreStatements s = *l; *s; s++)
                        if (!strcmp((*s)->name, name))
                                return *s;
        fail_msg("the store has no statement %s", name);
        return NULL;
}

/* "  Buffers: shared hit=12 read=3" of the topmost node comes first. */
static void count_pages(const char *const *values, size_t n _unused_, void *userdata) {
        const char *hit = strstr(values[0], "Buffers: shared hit=");
        const char *missed = strstr(values[0], " read=");
        unsigned *pages = userdata;

        if (hit && *pages == 0)
                *pages = (unsigned)(strtoul(hit + strlen("Buffers: shared hit="), NULL, 10) +
                                    (missed ? strtoul(missed + strlen(" read="), NULL, 10) : 0));
}

static unsigned run_counted(PqScript *s, const char *explain) {
        unsigned pages = 0;

        if (pq_script_query(s, explain, NULL, count_pages, &pages) < 0)
                fail_msg("%s", pq_script_error(s));
        return pages;
}

void fixture_expect_pages(const StoreFixture *f, const char *name, const char *values,
                          unsigned most) {
        const char *const modes[] = { "SET plan_cache_mode = force_custom_plan",
                                      "SET plan_cache_mode = force_generic_plan" };
        _cleanup_(pq_script_closep) PqScript *s = NULL;
        _cleanup_free_ char *prepare = NULL, *explain = NULL;
        unsigned pages;

        assert_int_equal(pq_script_open(&s, f->dsn), 0);
        assert_true(asprintf(&prepare, "PREPARE x AS %s", find_statement(name)->sql) > 0);
        assert_true(asprintf(&explain, "EXPLAIN (ANALYZE, BUFFERS) EXECUTE x%s", values) > 0);
        assert_int_equal(pq_script_run(s, "SET jit = off"), 0); /* as the store's connections */
        assert_int_equal(pq_script_run(s, prepare), 0);
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                assert_int_equal(pq_script_run(s, modes[i]), 0);
                (void)run_counted(s, explain); /* with pages of catalogs */
                pages = run_counted(s, explain);
                if (pages == 0 || pages > most)
                        fail_msg("%s%s reads %u pages (%s)", name, values, pages, modes[i]);
        }
}

void fixture_expect_json(StoreFixture *f, const char *expression, const char *value) {
        _cleanup_free_ char *sql = NULL;

        assert_int_equal(f->r, 0);
        assert_true(asprintf(&sql, "SELECT %s FROM (SELECT $json$%s$json$::jsonb AS j) AS x",
                             expression, f->text) > 0);
        fixture_expect(f, sql, value);
}

Uuid fixture_website(uint8_t i) {
        return (Uuid){ { 0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, i } };
}

const uint8_t *fixture_key(uint8_t i) {
        static const uint8_t keys[10][32] = {
                [1] = { [0 ... 31] = 1 }, [2] = { [0 ... 31] = 2 }, [3] = { [0 ... 31] = 3 },
                [4] = { [0 ... 31] = 4 }, [5] = { [0 ... 31] = 5 }, [6] = { [0 ... 31] = 6 },
                [7] = { [0 ... 31] = 7 }, [8] = { [0 ... 31] = 8 }, [9] = { [0 ... 31] = 9 },
        };

        return keys[i];
}
