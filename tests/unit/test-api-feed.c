/* Pages of the feed: order, and whole commits only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/feed.h"

#define TICK(COMMIT)                                                                               \
        { .organisation = 1, .commit_no = COMMIT, .json = "{}" }
#define EVENT(COMMIT, KIND)                                                                        \
        { .commit_no = COMMIT, .organisation = 2, .kind = KIND, .payload = "{}" }

static FeedPage *page_new(uint64_t after, uint64_t until, unsigned limit) {
        FeedPage *p;

        assert_int_equal(feed_page_new(&p, &(FeedRange){ after, until, limit }), 0);
        return p;
}

static void put_ticks(FeedPage *p, const FeedTick *ticks, size_t n) {
        for (size_t i = 0; i < n; i++)
                assert_int_equal(feed_page_put_tick(p, &ticks[i]), 0);
}

/* expected: "COMMIT:KIND " for each entry. */
static void expect(FeedPage *p, uint64_t upto, const char *expected) {
        char text[256] = "";
        const FeedEntry *entries;
        size_t n, used = 0;

        assert_int_equal(feed_page_close(p), upto);
        entries = feed_page_entries(p, &n);
        for (size_t i = 0; i < n; i++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%d:%s ",
                                         (int)entries[i].commit_no, entries[i].kind);
        assert_string_equal(text, expected);
}

static void ticks_come_before_the_events_of_their_commit(void **state _unused_) {
        static const FeedTick ticks[] = { TICK(5), TICK(5), TICK(7) };
        static const EventRow events[] = { EVENT(5, "a"), EVENT(5, "b"), EVENT(6, "c") };
        _cleanup_(feed_page_freep) FeedPage *p = page_new(4, 7, 10);

        assert_int_equal(feed_page_put_events(p, events, 3), 0);
        put_ticks(p, ticks, 3);
        expect(p, 7, "5:tick 5:tick 5:a 5:b 6:c 7:tick ");
}

static void nothing_at_all_is_a_whole_page(void **state _unused_) {
        _cleanup_(feed_page_freep) FeedPage *p = page_new(4, 7, 10);

        assert_int_equal(feed_page_put_events(p, NULL, 0), 0);
        expect(p, 7, "");
}

static void what_came_after_the_range_waits(void **state _unused_) {
        static const EventRow events[] = { EVENT(7, "a"), EVENT(8, "b") };
        _cleanup_(feed_page_freep) FeedPage *p = page_new(4, 7, 10);

        assert_int_equal(feed_page_put_events(p, events, 2), 0);
        expect(p, 7, "7:a ");
}

static void a_full_answer_loses_its_last_commit(void **state _unused_) {
        static const FeedTick ticks[] = { TICK(5), TICK(6), TICK(6) };
        static const EventRow events[] = { EVENT(5, "a"), EVENT(6, "b") };
        _cleanup_(feed_page_freep) FeedPage *p = page_new(4, 9, 3);

        put_ticks(p, ticks, 3);
        feed_page_cut(p, 6);
        assert_int_equal(feed_page_put_events(p, events, 2), 0);
        expect(p, 5, "5:tick 5:a ");
}

static void full_events_bound_the_ticks_too(void **state _unused_) {
        static const FeedTick ticks[] = { TICK(5), TICK(8) };
        static const EventRow events[] = { EVENT(5, "a"), EVENT(6, "b"), EVENT(7, "c") };
        _cleanup_(feed_page_freep) FeedPage *p = page_new(4, 9, 3);

        put_ticks(p, ticks, 2);
        assert_int_equal(feed_page_put_events(p, events, 3), 0);
        expect(p, 6, "5:tick 5:a 6:b ");
}

static void a_commit_bigger_than_the_page_leaves_nothing(void **state _unused_) {
        static const FeedTick ticks[] = { TICK(5), TICK(5) };
        _cleanup_(feed_page_freep) FeedPage *p = page_new(4, 9, 2);

        put_ticks(p, ticks, 2);
        feed_page_cut(p, 5);
        expect(p, 4, "");
}

static void rows_are_copied(void **state _unused_) {
        char json[] = "{\"a\":1}";
        FeedTick tick = { .organisation = 1, .commit_no = 5, .json = json };
        _cleanup_(feed_page_freep) FeedPage *p = page_new(4, 5, 9);
        const FeedEntry *entries;
        size_t n;

        assert_int_equal(feed_page_put_tick(p, &tick), 0);
        memset(json, 'x', sizeof(json) - 1);
        feed_page_close(p);
        entries = feed_page_entries(p, &n);
        assert_int_equal(n, 1);
        assert_string_equal(entries[0].payload, "{\"a\":1}");
        assert_int_equal(entries[0].organisation, 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(ticks_come_before_the_events_of_their_commit),
                cmocka_unit_test(nothing_at_all_is_a_whole_page),
                cmocka_unit_test(what_came_after_the_range_waits),
                cmocka_unit_test(a_full_answer_loses_its_last_commit),
                cmocka_unit_test(full_events_bound_the_ticks_too),
                cmocka_unit_test(a_commit_bigger_than_the_page_leaves_nothing),
                cmocka_unit_test(rows_are_copied),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
