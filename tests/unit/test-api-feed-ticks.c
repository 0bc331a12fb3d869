/* Signed batches become what readers get: the same as the rows that the hub made of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/feed-ticks.h"
#include "wire-fixture.h"

#define START   (FIXTURE_TIME + 6)
#define MOMENT  "2023-11-14T22:13:20.000006Z"
#define WEBSITE "01010101-0101-0101-0101-010101010101"

typedef struct Signed {
        uint8_t frame[BATCH_FRAME_MAX];
        size_t n;
} Signed;

static Tick tick(uint8_t order, int64_t start) {
        Tick t = {
                .outcome = TICK_UP,
                .start = start,
                .status = 200,
                .phases = { 1000, 2000, 3000, 4000, 5500 },
        };

        memset(t.order.bytes, order, sizeof(t.order.bytes));
        return t;
}

static void seal(const Tick *ticks, size_t n, Signed *ret) {
        _cleanup_(sign_key_freep) SignKey *key = fixture_key(SEED_VALIDATOR);
        PublicKey network = fixture_public(SEED_NETWORK);
        BatchDraft draft = {
                .header = { .type = BATCH_TICKS,
                            .incarnation = 1,
                            .sequence = 1,
                            .created = FIXTURE_TIME,
                            .count = (uint16_t)n },
                .ticks = ticks,
        };
        Hash hash;
        int r;

        r = batch_seal(&draft, key, &network, ret->frame, &hash);
        assert_true(r > 0);
        ret->n = (size_t)r;
}

static FeedBatch row_of(const Signed *s, uint64_t commit_no, const uint8_t *codes, size_t n) {
        return (FeedBatch){
                .commit_no = commit_no,
                .count = (uint32_t)n,
                .codes = codes,
                .n_codes = n,
                .frame = s->frame,
                .n_frame = s->n,
                .validator = "AQEB",
                .region = "eu",
        };
}

static int put(FeedTicks *t, uint64_t commit_no, const Tick *ticks, const uint8_t *codes,
               size_t n) {
        Signed s;
        FeedBatch row;

        seal(ticks, n, &s);
        row = row_of(&s, commit_no, codes, n);
        return feed_ticks_put(t, &row);
}

/* Orders 1 and 2 are for websites 1 and 2 of organisations 1 and 2. */
static void know_two(FeedTicks *t) {
        _cleanup_(feed_sites_freep) FeedSites *sites = NULL;
        FeedOrder o;

        assert_int_equal(feed_sites_new(&sites, 9), 0);
        for (uint8_t i = 1; i <= 2; i++) {
                o.organisation = i;
                memset(o.id.bytes, i, sizeof(o.id.bytes));
                memset(o.website.bytes, i, sizeof(o.website.bytes));
                assert_int_equal(feed_sites_put(sites, 0, &o), 0);
        }
        feed_ticks_know(t, sites);
}

/* What is told, each entry as `write` puts it down. */
static void expect_as(FeedTicks *t, int (*write)(const FeedEntry *e, char *ret, size_t n),
                      const char *expected) {
        _cleanup_(feed_page_freep) FeedPage *page = NULL;
        const FeedEntry *entries;
        char text[2048] = "";
        size_t n, used = 0;

        assert_int_equal(feed_page_new(&page, &(FeedRange){ 0, 99, 99 }), 0);
        assert_int_equal(feed_ticks_tell(t, page), 0);
        feed_page_close(page);
        entries = feed_page_entries(page, &n);
        for (size_t i = 0; i < n; i++)
                used += (size_t)write(&entries[i], text + used, sizeof(text) - used);
        assert_string_equal(text, expected);
}

static int write_all(const FeedEntry *e, char *ret, size_t n) {
        return snprintf(ret, n, "%d:%u %s\n", (int)e->commit_no, e->organisation, e->payload);
}

static int write_second(const FeedEntry *e, char *ret, size_t n) {
        return snprintf(ret, n, "%d:%u:%.2s ", (int)e->commit_no, e->organisation,
                        strstr(e->payload, "22:13:") + 6);
}

/* expected: "COMMIT:ORGANISATION PAYLOAD\n" for each entry. */
static void expect(FeedTicks *t, const char *expected) {
        expect_as(t, write_all, expected);
}

/* "COMMIT:ORGANISATION:SECOND " of each. */
static void expect_short(FeedTicks *t, const char *expected) {
        expect_as(t, write_second, expected);
}

#define PAYLOAD(STATUS, LATENCY)                                                                   \
        "5:1 {\"websiteId\":\"" WEBSITE "\",\"createdAt\":\"" MOMENT "\",\"status\":\"" STATUS     \
        "\",\"latency\":" LATENCY ",\"validatorId\":\"AQEB\",\"region\":\"eu\"}\n"

static FeedTicks *ticks_new(void) {
        FeedTicks *t;

        assert_int_equal(feed_ticks_new(&t), 0);
        return t;
}

static void an_answer_has_a_latency(void **state _unused_) {
        _cleanup_(feed_ticks_freep) FeedTicks *t = ticks_new();
        Tick ticks[3] = { tick(1, START), tick(1, START), tick(1, START) };
        static const uint8_t codes[3] = { DISPOSITION_ACCEPTED, DISPOSITION_LATE,
                                          DISPOSITION_ACCEPTED };

        ticks[1].outcome = TICK_DOWN;
        ticks[1].error = TICK_ERROR_TIMEOUT_WAIT;
        ticks[2].phases = (TickPhases){ .wait = UINT32_MAX }; /* a row has 31 bits of it */
        assert_int_equal(put(t, 5, ticks, codes, 3), 0);
        know_two(t);
        expect(t, PAYLOAD("Good", "15.5") PAYLOAD("Bad", "null") PAYLOAD("Good", "2147483.647"));
}

static void a_validator_may_have_no_region(void **state _unused_) {
        _cleanup_(feed_ticks_freep) FeedTicks *t = ticks_new();
        const Tick one = tick(1, START);
        const uint8_t code = DISPOSITION_ACCEPTED;
        Signed s;
        FeedBatch row;

        seal(&one, 1, &s);
        row = row_of(&s, 5, &code, 1);
        row.region = "";
        assert_int_equal(feed_ticks_put(t, &row), 0);
        memset(&s, 0, sizeof(s)); /* it was copied */
        know_two(t);
        expect(t, "5:1 {\"websiteId\":\"" WEBSITE "\",\"createdAt\":\"" MOMENT
                  "\",\"status\":\"Good\",\"latency\":15.5,\"validatorId\":\"AQEB\","
                  "\"region\":null}\n");
}

static Tick at(uint8_t order, unsigned second) {
        return tick(order, FIXTURE_TIME + (int64_t)second * 1000000);
}

static void only_what_the_hub_stored_is_shown(void **state _unused_) {
        _cleanup_(feed_ticks_freep) FeedTicks *t = ticks_new();
        Tick ticks[8];
        static const uint8_t codes[8] = {
                DISPOSITION_ACCEPTED,
                DISPOSITION_LATE,
                DISPOSITION_UNASSIGNED,
                DISPOSITION_DUPLICATE,
                DISPOSITION_FUTURE,
                DISPOSITION_EXPIRED,
                255,
                DISPOSITION_ACCEPTED,
        };

        for (unsigned i = 0; i < 8; i++)
                ticks[i] = at(1, i);
        ticks[7].outcome = TICK_ABSTAIN;
        ticks[7].error = TICK_ERROR_GUARD;
        assert_int_equal(put(t, 5, ticks, codes, 8), 0);
        know_two(t);
        expect_short(t, "5:1:20 5:1:21 ");
}

static void they_come_by_commit_and_start(void **state _unused_) {
        _cleanup_(feed_ticks_freep) FeedTicks *t = ticks_new();
        static const uint8_t codes[3] = {};

        assert_int_equal(put(t, 6, (Tick[]){ at(1, 1) }, codes, 1), 0);
        assert_int_equal(put(t, 5, (Tick[]){ at(2, 9), at(1, 3), at(2, 5) }, codes, 3), 0);
        assert_int_equal(put(t, 5, (Tick[]){ at(1, 4), at(1, 5) }, codes, 2), 0);
        know_two(t);
        expect_short(t, "5:1:23 5:1:24 5:2:25 5:1:25 5:2:29 6:1:21 ");
}

static void unknown_orders_are_asked_for_once_and_not_told(void **state _unused_) {
        _cleanup_(feed_ticks_freep) FeedTicks *t = ticks_new();
        _cleanup_free_ OrderId *ids = NULL, *none = NULL;
        static const uint8_t codes[5] = { [3] = DISPOSITION_DUPLICATE };
        size_t n;

        assert_int_equal(put(t, 5, (Tick[]){ at(7, 0), at(1, 1), at(3, 2), at(4, 3), at(7, 4) },
                             codes, 5),
                         0);
        know_two(t);
        assert_int_equal(feed_ticks_unknown(t, &ids, &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(ids[0].bytes[0], 3);
        assert_int_equal(ids[1].bytes[0], 7);
        expect_short(t, "5:1:21 ");
        feed_ticks_free(t);
        t = ticks_new();
        assert_int_equal(feed_ticks_unknown(t, &none, &n), 0);
        assert_int_equal(n, 0);
        assert_null(none);
}

static void bad_rows_are_refused_whole(void **state _unused_) {
        _cleanup_(feed_ticks_freep) FeedTicks *t = ticks_new();
        const Tick ticks[2] = { at(1, 0), at(1, 1) };
        static const uint8_t codes[3] = {};
        FeedBatch good, bad;
        Signed s;

        seal(ticks, 2, &s);
        good = bad = row_of(&s, 5, codes, 2);
        for (size_t n = 0; n <= 3; n++) {
                bad.n_codes = n;
                assert_int_equal(feed_ticks_put(t, &bad), n == 2 ? 0 : -EBADMSG);
        }
        bad = good;
        for (bad.count = 0; bad.count <= 3; bad.count++)
                assert_int_equal(feed_ticks_put(t, &bad), bad.count == 2 ? 0 : -EBADMSG);
        bad = good;
        for (bad.n_frame = 0; bad.n_frame < good.n_frame; bad.n_frame++)
                assert_int_equal(feed_ticks_put(t, &bad), -EBADMSG);
        bad.n_frame = BATCH_FRAME_MAX + 1;
        assert_int_equal(feed_ticks_put(t, &bad), -EBADMSG);
        s.frame[0] = 'x';
        assert_int_equal(feed_ticks_put(t, &good), -EBADMSG);
        s.frame[0] = 'd';
        s.frame[4] = 2; /* version */
        assert_int_equal(feed_ticks_put(t, &good), -EBADMSG);
        know_two(t);
        expect_short(t, "5:1:20 5:1:20 5:1:21 5:1:21 ");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_answer_has_a_latency),
                cmocka_unit_test(a_validator_may_have_no_region),
                cmocka_unit_test(only_what_the_hub_stored_is_shown),
                cmocka_unit_test(they_come_by_commit_and_start),
                cmocka_unit_test(unknown_orders_are_asked_for_once_and_not_told),
                cmocka_unit_test(bad_rows_are_refused_whole),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
