/* What is known, by a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event/resolver-cache.h"

static ResolverResult found(const char *text) {
        ResolverResult r = { .n = 1 };

        assert_true(net_address_parse(text, 0, &r.addresses[0]));
        return r;
}

static void an_answer_is_good_until_its_time(void **state _unused_) {
        _cleanup_(resolver_cache_freep) ResolverCache *c = NULL;
        ResolverResult a = found("192.0.2.1"), r;

        assert_int_equal(resolver_cache_new(&c, 4), 0);
        resolver_cache_put(c, "One.Test", AF_INET, 110, &a);
        assert_true(resolver_cache_get(c, "oNE.test", AF_INET, 109, &r));
        assert_int_equal(r.n, 1);
        assert_memory_equal(&r.addresses[0].v4, &a.addresses[0].v4, sizeof(a.addresses[0].v4));
        assert_int_equal(r.at, 109);
        assert_false(resolver_cache_get(c, "one.test", AF_INET6, 109, &r));
        assert_false(resolver_cache_get(c, "one.tes", AF_INET, 109, &r));
        assert_false(resolver_cache_get(c, "one.test", AF_INET, 110, &r));
        assert_int_equal(resolver_cache_size(c), 0);
}

static void a_newer_answer_replaces(void **state _unused_) {
        _cleanup_(resolver_cache_freep) ResolverCache *c = NULL;
        ResolverResult a = found("192.0.2.1"), none = { .outcome = RESOLVER_NONE }, r;

        assert_int_equal(resolver_cache_new(&c, 4), 0);
        resolver_cache_put(c, "one.test", AF_INET, 110, &a);
        resolver_cache_put(c, "one.test", AF_INET, 115, &none);
        assert_true(resolver_cache_get(c, "one.test", AF_INET, 114, &r));
        assert_int_equal(r.outcome, RESOLVER_NONE);
        assert_int_equal(r.n, 0);
        resolver_cache_put(c, "one.test", AF_INET, 0, &a);
        assert_int_equal(resolver_cache_size(c), 0);
}

static void the_oldest_makes_room(void **state _unused_) {
        _cleanup_(resolver_cache_freep) ResolverCache *c = NULL;
        ResolverResult a = found("2001:db8::1"), r;
        char name[16];

        assert_int_equal(resolver_cache_new(&c, 4), 0);
        for (int i = 0; i < 10; i++) {
                snprintf(name, sizeof(name), "n%d.test", i);
                resolver_cache_put(c, name, AF_INET6, 110, &a);
        }
        assert_int_equal(resolver_cache_size(c), 4);
        assert_false(resolver_cache_get(c, "n5.test", AF_INET6, 100, &r));
        assert_true(resolver_cache_get(c, "n6.test", AF_INET6, 100, &r));
        assert_true(resolver_cache_get(c, "n9.test", AF_INET6, 100, &r));
}

static void what_is_too_long_is_not_kept(void **state _unused_) {
        _cleanup_(resolver_cache_freep) ResolverCache *c = NULL;
        ResolverResult a = found("192.0.2.1"), r;
        char name[257];

        assert_int_equal(resolver_cache_new(&c, 4), 0);
        memset(name, 'a', 256);
        name[256] = '\0';
        resolver_cache_put(c, name, AF_INET, 110, &a);
        assert_false(resolver_cache_get(c, name, AF_INET, 100, &r));
        name[255] = '\0';
        resolver_cache_put(c, name, AF_INET, 110, &a);
        assert_true(resolver_cache_get(c, name, AF_INET, 100, &r));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_answer_is_good_until_its_time),
                cmocka_unit_test(a_newer_answer_replaces),
                cmocka_unit_test(the_oldest_makes_room),
                cmocka_unit_test(what_is_too_long_is_not_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
