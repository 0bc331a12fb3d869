/* The spool on a real disk: what survives, what goes, and what is told of what had to go. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "spool-fixture.h"

static SpoolStats stats_of(const SpoolFixture *f) {
        SpoolStats stats;

        spool_stats(f->spool, &stats);
        return stats;
}

static void put_progress(SpoolFixture *f, Chain *c, const SpoolProgress *p, usec_t created) {
        SpoolBatch b = { .incarnation = c->incarnation,
                         .sequence = ++c->sequence,
                         .created = created,
                         .count = 1,
                         .frame = (const uint8_t *)"frame",
                         .n = 5 };

        assert_int_equal(spool_put(f->spool, &b, p, 1), 0);
}

static void what_is_put_survives_a_reopening(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        SpoolBatch b = { 0 };
        size_t bytes = chain_put(f, &c, 3) + chain_put(f, &c, 1);
        Hash hash;

        spool_fixture_reopen(f, SPOOL_LARGE);
        assert_int_equal(stats_of(f).batches, 2);
        assert_int_equal(stats_of(f).bytes, bytes);
        assert_int_equal(spool_next(f->spool, 7, 1, visit_copy, &b), 1);
        assert_int_equal(b.sequence, 2);
        assert_int_equal(b.count, 1);
        assert_memory_equal(&b.hash, &c.hash, sizeof(c.hash));
        assert_int_equal(spool_hash(f->spool, 7, 2, &hash), 1);
        assert_memory_equal(&hash, &c.hash, sizeof(hash));
}

/* The process dies: what SQLite has in its log is found again. */
static void what_is_put_survives_a_crash(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        char copy[160], log[160], command[700];

        chain_put(f, &c, 3);
        snprintf(copy, sizeof(copy), "%s/copy.sqlite", f->folder.path);
        snprintf(log, sizeof(log), "%s-wal", f->path);
        assert_int_equal(access(log, R_OK), 0);
        for (int i = 0; i < 2; i++) {
                static char bytes[1 << 20];
                FILE *from = fopen(i ? log : f->path, "re"), *to;
                size_t n;

                snprintf(command, sizeof(command), "%s%s", copy, i ? "-wal" : "");
                to = fopen(command, "we");
                assert_true(from && to);
                n = fread(bytes, 1, sizeof(bytes), from);
                assert_int_equal(fwrite(bytes, 1, n, to), n);
                fclose(from);
                fclose(to);
        }
        spool_free(f->spool);
        assert_int_equal(spool_new(&f->spool, copy, SPOOL_LARGE), 0);
        assert_int_equal(stats_of(f).batches, 1);
}

static void the_file_is_its_owners(void **state) {
        SpoolFixture *f = *state;
        struct stat st;

        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(chmod(f->path, 0644), 0);
        spool_fixture_reopen(f, SPOOL_LARGE);
        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
}

static void one_process_has_it(void **state) {
        SpoolFixture *f = *state;
        Spool *second = NULL;

        assert_int_equal(spool_new(&second, f->path, SPOOL_LARGE), -EBUSY);
        assert_null(second);
}

static void a_later_version_stays_as_it_is(void **state) {
        SpoolFixture *f = *state;
        Spool *s = NULL;
        sqlite3 *db;

        f->spool = spool_free(f->spool);
        assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        assert_int_equal(spool_new(&s, f->path, SPOOL_LARGE), -EPROTONOSUPPORT);
        assert_null(s);
}

static void what_is_no_spool_is_refused(void **state) {
        SpoolFixture *f = *state;
        Spool *s = NULL;
        char path[256], text[8192];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        folder_put(&f->folder, "text", text, 0600, path);
        assert_int_equal(spool_new(&s, path, SPOOL_LARGE), -EUCLEAN);
        assert_int_equal(spool_new(&s, "/nonexistent/spool", SPOOL_LARGE), -ENOENT);
        assert_null(s);
}

static void the_first_network_is_pinned(void **state) {
        SpoolFixture *f = *state;
        PublicKey first = fixture_public(SEED_NETWORK), other = fixture_public(SEED_HUB);

        assert_int_equal(spool_pin(f->spool, &first), 1);
        assert_int_equal(spool_pin(f->spool, &first), 1);
        assert_int_equal(spool_pin(f->spool, &other), 0);
        spool_fixture_reopen(f, SPOOL_LARGE);
        assert_int_equal(spool_pin(f->spool, &other), 0);
        assert_int_equal(spool_pin(f->spool, &first), 1);
}

static void progress_only_rises(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        OrderId id = fixture_order_id(), other = { .bytes = { 1 } };

        assert_int_equal(spool_progress(f->spool, &id, false), -ENOENT);
        put_progress(f, &c, &(SpoolProgress){ id, false, 9 }, FIXTURE_TIME);
        put_progress(f, &c, &(SpoolProgress){ id, false, 4 }, FIXTURE_TIME);
        put_progress(f, &c, &(SpoolProgress){ id, true, UINT32_MAX }, FIXTURE_TIME);
        spool_fixture_reopen(f, SPOOL_LARGE);
        assert_int_equal(spool_progress(f->spool, &id, false), 9);
        assert_int_equal(spool_progress(f->spool, &id, true), UINT32_MAX);
        assert_int_equal(spool_progress(f->spool, &other, false), -ENOENT);
}

static void progress_is_forgotten_after_two_days(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        OrderId old = { .bytes = { 1 } }, used = { .bytes = { 2 } }, fresh = { .bytes = { 3 } };
        usec_t t = FIXTURE_TIME;

        put_progress(f, &c, &(SpoolProgress){ old, false, 1 }, t);
        put_progress(f, &c, &(SpoolProgress){ used, false, 1 }, t);
        put_progress(f, &c, &(SpoolProgress){ used, false, 2 }, t + 24 * USEC_PER_HOUR);
        put_progress(f, &c, &(SpoolProgress){ fresh, false, 1 }, t + 48 * USEC_PER_HOUR);
        assert_int_equal(spool_progress(f->spool, &old, false), 1);
        put_progress(f, &c, &(SpoolProgress){ fresh, false, 2 }, t + 50 * USEC_PER_HOUR);
        assert_int_equal(spool_progress(f->spool, &old, false), -ENOENT);
        assert_int_equal(spool_progress(f->spool, &used, false), 2);
}

static void a_sequence_is_put_once_with_all_or_nothing(void **state) {
        SpoolFixture *f = *state;
        OrderId id = fixture_order_id();
        SpoolBatch b = { .incarnation = 7, .sequence = 1, .frame = (const uint8_t *)"x", .n = 1 };

        assert_int_equal(spool_put(f->spool, &b, NULL, 0), 0);
        assert_int_equal(spool_put(f->spool, &b, &(SpoolProgress){ id, false, 5 }, 1), -EEXIST);
        assert_int_equal(spool_progress(f->spool, &id, false), -ENOENT);
        assert_int_equal(stats_of(f).batches, 1);
}

static void a_full_disk_stores_nothing_and_recovers(void **state) {
        SpoolFixture *f = *state;
        struct rlimit before, small;
        Chain c = { .incarnation = 7 };
        OrderId id = fixture_order_id();
        static uint8_t frame[BATCH_FRAME_MAX];
        SpoolBatch b = { .incarnation = 7, .sequence = 2, .frame = frame, .n = sizeof(frame) };

        chain_put(f, &c, 1);
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = (struct rlimit){ 64 << 10, before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_in_range(-spool_put(f->spool, &b, &(SpoolProgress){ id, false, 5 }, 1), 1, 200);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);

        assert_int_equal(spool_progress(f->spool, &id, false), -ENOENT);
        assert_int_equal(spool_after(f->spool, 7, 1), 0);
        assert_int_equal(stats_of(f).batches, 1);
        assert_int_equal(spool_put(f->spool, &b, NULL, 0), 0);
        assert_int_equal(spool_after(f->spool, 7, 1), 2);
}

static void trim(SpoolFixture *f, uint64_t incarnation, uint64_t to) {
        Receipt r = { .incarnation = incarnation, .from = 1, .to = to };

        assert_int_equal(spool_trim(f->spool, &r, "receipt", 7), 0);
}

/* The library's, while this program runs. */
static unsigned waited;
int fdatasync(int fd) {
        waited++;
        return fsync(fd);
}

static void what_is_sealed_is_waited_for_and_what_is_trimmed_is_not(void **state) {
        SpoolFixture *f = *state;
        Chain a = { .incarnation = 7 };

        for (uint64_t i = 1; i <= 3; i++) {
                waited = 0;
                chain_put(f, &a, 1);
                assert_true(waited > 0);
                waited = 0;
                trim(f, 7, i);
                assert_int_equal(waited, 0);
        }
        chain_put(f, &a, 1);
        waited = 0;
        assert_int_equal(spool_drop(f->spool, 7, 4), 0);
        assert_true(waited > 0);
}

static void a_receipt_trims_its_stream_and_stays(void **state) {
        SpoolFixture *f = *state;
        Chain a = { .incarnation = 7 }, b = { .incarnation = 3 };
        SpoolStream s[4];

        for (int i = 0; i < 3; i++)
                chain_put(f, &a, 1);
        chain_put(f, &b, 1);
        trim(f, 7, 2);
        assert_int_equal(stats_of(f).batches, 2);
        assert_int_equal(spool_after(f->spool, 7, 0), 3);
        assert_int_equal(spool_after(f->spool, 3, 0), 1);
        assert_int_equal(spool_streams(f->spool, s, 4), 2);
        assert_int_equal(s[1].incarnation, 7); /* the later one, by its first batch */
        assert_true(s[1].waiting);
        assert_int_equal(s[1].oldest, FIXTURE_TIME + 7003);
        assert_int_equal(s[1].n_receipt, 7);
        assert_int_equal(s[0].n_receipt, 0);
        assert_int_equal(spool_has_others(f->spool, 3), 1);
        assert_int_equal(spool_has_others(f->spool, 7), 1);
        trim(f, 7, 3);
        spool_fixture_reopen(f, SPOOL_LARGE);
        assert_int_equal(stats_of(f).batches, 1);
        assert_int_equal(spool_has_others(f->spool, 3), 0);
        assert_int_equal(spool_has_others(f->spool, 7), 1);
        assert_int_equal(spool_streams(f->spool, s, 1), 1);
        assert_int_equal(s[0].incarnation, 3);
}

/* A hub restored from a backup learns from it how far it was. */
static void the_newest_stream_keeps_its_receipt_when_it_is_empty(void **state) {
        SpoolFixture *f = *state;
        Chain old = { .incarnation = 3 }, older = { .incarnation = 2 }, live = { .incarnation = 7 };
        SpoolStream s[4];

        chain_put(f, &older, 1);
        chain_put(f, &old, 1);
        chain_put(f, &live, 1);
        trim(f, 7, 1);
        trim(f, 2, 1);
        trim(f, 3, 1);
        assert_int_equal(stats_of(f).bytes, 0);
        assert_int_equal(spool_streams(f->spool, s, 4), 2);
        assert_int_equal(s[0].incarnation, 3);
        assert_int_equal(s[1].incarnation, 7);
        assert_false(s[1].waiting);
        assert_int_equal(s[1].n_receipt, 7);
}

static int put_gap(SpoolFixture *f, const SpoolDropped *d) {
        static uint8_t frame[BATCH_FRAME_MAX];
        BatchDraft draft = { .header = { .type = BATCH_GAP,
                                         .incarnation = d->incarnation,
                                         .sequence = d->to,
                                         .previous = d->hash,
                                         .created = FIXTURE_TIME },
                             .gap = { d->from, d->ticks } };
        Hash hash;
        int n = batch_seal(&draft, f->key, &f->scope.network, frame, &hash);

        assert_true(n > 0);
        return spool_put_gap(f->spool, d, frame, (size_t)n);
}

static unsigned shrink_all(SpoolFixture *f, SpoolDropped *last) {
        unsigned n = 0;

        while (spool_shrink(f->spool, last) > 0 && ++n < 100)
                assert_int_equal(put_gap(f, last), 0);
        assert_true(n < 100);
        return n;
}

static void the_oldest_make_room_and_leave_a_gap(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        SpoolDropped d = { 0 };
        Hash hashes[11];
        size_t size = 0;
        SpoolBatch b;

        for (int i = 1; i <= 10; i++) {
                size = chain_put(f, &c, 10);
                hashes[i] = c.hash;
        }
        assert_int_equal(spool_shrink(f->spool, &d), 0);
        spool_fixture_reopen(f, 8 * size);
        assert_int_equal(shrink_all(f, &d), 1);
        assert_int_equal(d.incarnation, 7);
        assert_int_equal(d.from, 1);
        assert_int_equal(d.to, 3);
        assert_int_equal(d.ticks, 30);
        assert_memory_equal(&d.hash, &hashes[3], sizeof(Hash));
        assert_int_equal(spool_next(f->spool, 7, 0, visit_copy, &b), 1);
        assert_int_equal(b.sequence, 3);
        assert_int_equal(b.count, 0);
        assert_int_equal(b.created, FIXTURE_TIME + 7003);
        assert_int_equal(spool_after(f->spool, 7, 3), 4);
        assert_int_equal(stats_of(f).dropped_ticks, 30);
}

static void gaps_of_a_stream_become_one(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        SpoolDropped d = { 0 };
        size_t size = 0;

        for (int i = 1; i <= 10; i++)
                size = chain_put(f, &c, 10);
        spool_fixture_reopen(f, 8 * size);
        shrink_all(f, &d);
        for (int i = 0; i < 3; i++)
                chain_put(f, &c, 10);
        assert_true(shrink_all(f, &d) > 0);
        assert_int_equal(d.from, 1);
        assert_int_equal(d.ticks, d.to * 10);
        assert_int_equal(stats_of(f).dropped_ticks, d.ticks);
        assert_int_equal(stats_of(f).batches, 13 - d.to + 1);
        assert_int_equal(spool_after(f->spool, 7, 0), d.to);
        assert_true(stats_of(f).bytes <= 8 * size);
        spool_fixture_reopen(f, 8 * size);
        assert_int_equal(stats_of(f).batches, 13 - d.to + 1);
}

static void the_oldest_stream_gives_first_then_the_next(void **state) {
        SpoolFixture *f = *state;
        Chain old = { .incarnation = 3 }, live = { .incarnation = 7 };
        SpoolDropped d = { 0 };
        size_t size = 0;

        for (int i = 0; i < 2; i++)
                size = chain_put(f, &old, 20);
        for (int i = 0; i < 8; i++)
                chain_put(f, &live, 20);
        spool_fixture_reopen(f, 6 * size);
        assert_true(shrink_all(f, &d) > 1);
        assert_int_equal(spool_after(f->spool, 3, 0), 2);
        assert_int_equal(spool_after(f->spool, 3, 2), 0);
        assert_int_equal(d.incarnation, 7);
        assert_true(stats_of(f).bytes <= 6 * size);
}

static void nothing_but_gaps_is_left_alone(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        SpoolDropped d = { 0 };

        chain_put(f, &c, 1);
        spool_fixture_reopen(f, 1);
        assert_int_equal(shrink_all(f, &d), 1);
        assert_int_equal(stats_of(f).batches, 1);
}

static void a_receipt_of_the_dropped_batch_ends_the_gap(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };
        SpoolDropped d = { 0 };
        Hash hash, dropped;

        chain_put(f, &c, 1);
        dropped = c.hash;
        spool_fixture_reopen(f, 1);
        shrink_all(f, &d);
        assert_int_equal(spool_hash(f->spool, 7, 1, &hash), 1);
        assert_memory_equal(&hash, &dropped, sizeof(hash));
        trim(f, 7, 1);
        assert_int_equal(stats_of(f).batches, 0);
}

static void what_was_moved_is_dropped_without_a_receipt(void **state) {
        SpoolFixture *f = *state;
        Chain c = { .incarnation = 7 };

        for (int i = 0; i < 3; i++)
                chain_put(f, &c, 1);
        assert_int_equal(spool_drop(f->spool, 7, 2), 0);
        assert_int_equal(spool_after(f->spool, 7, 0), 3);
        assert_int_equal(stats_of(f).batches, 1);
        assert_int_equal(spool_drop(f->spool, 8, 2), 0);
        assert_int_equal(stats_of(f).batches, 1);
}

#define SPOOL_TEST(f)                                                                              \
        cmocka_unit_test_setup_teardown(f, spool_fixture_setup, spool_fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                SPOOL_TEST(what_is_put_survives_a_reopening),
                SPOOL_TEST(what_is_put_survives_a_crash),
                SPOOL_TEST(the_file_is_its_owners),
                SPOOL_TEST(one_process_has_it),
                SPOOL_TEST(a_later_version_stays_as_it_is),
                SPOOL_TEST(what_is_no_spool_is_refused),
                SPOOL_TEST(the_first_network_is_pinned),
                SPOOL_TEST(progress_only_rises),
                SPOOL_TEST(progress_is_forgotten_after_two_days),
                SPOOL_TEST(a_sequence_is_put_once_with_all_or_nothing),
                SPOOL_TEST(a_full_disk_stores_nothing_and_recovers),
                SPOOL_TEST(what_is_sealed_is_waited_for_and_what_is_trimmed_is_not),
                SPOOL_TEST(a_receipt_trims_its_stream_and_stays),
                SPOOL_TEST(the_newest_stream_keeps_its_receipt_when_it_is_empty),
                SPOOL_TEST(the_oldest_make_room_and_leave_a_gap),
                SPOOL_TEST(gaps_of_a_stream_become_one),
                SPOOL_TEST(the_oldest_stream_gives_first_then_the_next),
                SPOOL_TEST(nothing_but_gaps_is_left_alone),
                SPOOL_TEST(a_receipt_of_the_dropped_batch_ends_the_gap),
                SPOOL_TEST(what_was_moved_is_dropped_without_a_receipt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
