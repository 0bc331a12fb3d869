/* What is remembered of orders: bounded, and only as long as no website changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/feed-sites.h"

static FeedOrder order(uint8_t i, uint32_t organisation) {
        FeedOrder o = { .organisation = organisation };

        memset(o.id.bytes, i, sizeof(o.id.bytes));
        memset(o.website.bytes, i + 100, sizeof(o.website.bytes));
        return o;
}

static FeedSites *sites_new(size_t most) {
        FeedSites *s;

        assert_int_equal(feed_sites_new(&s, most), 0);
        return s;
}

static void put(FeedSites *s, uint64_t revision, uint8_t i, uint32_t organisation) {
        FeedOrder o = order(i, organisation);

        assert_int_equal(feed_sites_put(s, revision, &o), 0);
}

/* Its organisation; 0: unknown. */
static uint32_t find(const FeedSites *s, uint8_t i) {
        FeedOrder o = order(i, 0);
        const FeedSite *site = feed_sites_find(s, &o.id);

        if (site)
                assert_true(uuid_equal(&site->website, &o.website));
        return site ? site->organisation : 0;
}

static void what_was_put_is_found(void **state _unused_) {
        _cleanup_(feed_sites_freep) FeedSites *s = sites_new(10);

        feed_sites_revise(s, 7);
        put(s, 7, 1, 11);
        put(s, 7, 2, 12);
        put(s, 7, 2, 12); /* two pages asked for it */
        feed_sites_revise(s, 7);
        assert_int_equal(find(s, 1), 11);
        assert_int_equal(find(s, 2), 12);
        assert_int_equal(find(s, 3), 0);
        assert_int_equal(feed_sites_count(s), 2);
}

static void the_longest_known_are_forgotten(void **state _unused_) {
        _cleanup_(feed_sites_freep) FeedSites *s = sites_new(3);

        for (uint8_t i = 1; i <= 5; i++)
                put(s, 0, i, i);
        assert_int_equal(feed_sites_count(s), 3);
        assert_int_equal(find(s, 2), 0);
        assert_int_equal(find(s, 3), 3);
        assert_int_equal(find(s, 5), 5);
}

static void a_revision_forgets_all(void **state _unused_) {
        _cleanup_(feed_sites_freep) FeedSites *s = sites_new(10);

        feed_sites_revise(s, 7);
        put(s, 7, 1, 11);
        feed_sites_revise(s, 8);
        assert_int_equal(find(s, 1), 0);
        put(s, 8, 1, 21);
        assert_int_equal(find(s, 1), 21);
        feed_sites_revise(s, 7); /* of a connection that is behind, or of a restored database */
        assert_int_equal(find(s, 1), 0);
}

static void an_answer_that_is_overtaken_is_not_kept(void **state _unused_) {
        _cleanup_(feed_sites_freep) FeedSites *s = sites_new(10);

        feed_sites_revise(s, 8);
        put(s, 7, 1, 11);
        assert_int_equal(find(s, 1), 0);
}

static void none_is_nobody(void **state _unused_) {
        _cleanup_(feed_sites_freep) FeedSites *s = sites_new(0);

        put(s, 0, 1, 11);
        assert_int_equal(find(s, 1), 0);
        assert_null(feed_sites_free(NULL));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_put_is_found),
                cmocka_unit_test(the_longest_known_are_forgotten),
                cmocka_unit_test(a_revision_forgets_all),
                cmocka_unit_test(an_answer_that_is_overtaken_is_not_kept),
                cmocka_unit_test(none_is_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
