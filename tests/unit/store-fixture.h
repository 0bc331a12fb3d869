/* A migrated database of the test's own, an open store on it, and small ways to run one thing to
 * its end. One per program: group setup and teardown. */
#pragma once

#include <uv.h>

#include "postgres.h"
#include "store/batches.h"
#include "store/pages.h"
#include "store/store.h"

typedef struct StoreFixture {
        Postgres *postgres;
        char dsn[256];
        uv_loop_t loop;
        Store *store;
        /* of the last thing that was waited for */
        bool done;
        int r;
        size_t n;
        char *text; /* JSON, or an error */
} StoreFixture;

/* cmocka group setup and teardown. The database has organisations 1 and 2, websites 1 and 2 of the
 * first and 3 of the second, validators 1 to 4 (approved), and orders 1 to 4 of website 1, seat by
 * seat. Ticks can be written as rows, see tests/tick-rows.sql. */
int store_fixture_setup(void **state);
int store_fixture_teardown(void **state);

/* Runs the loop until f->done, which is then false again. Fails the test after 20 s. */
void fixture_wait(StoreFixture *f);
/* Of website 1 by its order of that number, in batch 1: UP, in 15.5 ms. */
TickRow fixture_tick(uint32_t validator, uint32_t number, usec_t start);
/* Of validator 1 or 2, with up to 8 ticks of all dispositions; its frame is "frame". */
void fixture_put_batch(PqTransaction *t, uint64_t id, uint64_t commit_no, size_t ticks);
/* This alone, without frame and codes, of validator 1, created when it came; and it is there. */
void fixture_store_batch(StoreFixture *f, BatchRow row);
/* Each on a page of its own; batches and counts of validators do not change. */
void fixture_put_ticks(PqTransaction *t, const TickRow *rows, size_t n);
/* These alone, and they are there. */
void fixture_store_ticks(StoreFixture *f, const TickRow *rows, size_t n);
/* Commits and waits; the callback's r. */
int fixture_commit(StoreFixture *f, PqTransaction *t);
/* For StoreDone and StoreJson callbacks: keep r and text in the fixture. */
void fixture_done(int r, const char *error, void *userdata);
void fixture_json(int r, const char *json, size_t n, void *userdata);
/* For callbacks of rows: begins with an empty text, returns userdata as the fixture. */
StoreFixture *fixture_rows(void *userdata, int r, size_t n);
/* Appends to the text. */
void fixture_note(StoreFixture *f, const char *format, ...) _printf_(2, 3);
/* Waits, then compares r 0 and the text. */
void fixture_expect_text(StoreFixture *f, const char *text);
/* Runs any SQL as superuser on a connection of its own. Fails the test on errors. */
void fixture_sql(const StoreFixture *f, const char *sql);
/* Asserts that the first value of the last row of one query is this; "" for NULL or no row. */
void fixture_expect(const StoreFixture *f, const char *sql, const char *value);
/* Asserts that a statement of the store touches so many pages at most, the second time in a
 * session, planned for these values ("(1, 'x')", "" for none) and planned once for all. */
void fixture_expect_pages(const StoreFixture *f, const char *name, const char *values,
                          unsigned most);
/* Of an SQL expression over j, the JSON that was answered last. */
void fixture_expect_json(StoreFixture *f, const char *expression, const char *value);

/* SQL: eight days of ticks of website 1, one each 6 s. */
#define FIXTURE_EIGHT_DAYS                                                                         \
        "SELECT partition_ensure('tick_page', current_date - 9, current_date);"                    \
        "INSERT INTO website_tick SELECT now() - i * interval '6 seconds', 1 + i % 4,"             \
        "  100000 - i, 1, 1 + i % 4, i, 1000, 2000, 3000, 4000, 5000, 200,"                        \
        "  CASE WHEN i % 10 = 3 THEN 2 WHEN i % 10 = 7 THEN 3 ELSE 1 END,"                         \
        "  CASE WHEN i % 10 = 3 THEN 2 WHEN i % 10 = 7 THEN 16 ELSE 0 END, 's', false"             \
        "  FROM generate_series(1, 110000) AS i;"

/* Public ids of the fixture's rows: byte i is the number. */
Uuid fixture_website(uint8_t i);
/* 32 bytes; lives for ever, for i from 1 to 9 */
const uint8_t *fixture_key(uint8_t i);
