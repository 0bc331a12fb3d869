/* What was seen, as the fields of a tick. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "validator/check-seen.h"

static void every_class_has_its_outcome(void **state) {
        (void)state;
        for (unsigned e = 0; e < _TICK_ERROR_MAX; e++) {
                bool abstains = e == TICK_ERROR_GUARD || e == TICK_ERROR_OWN_NETWORK ||
                                e == TICK_ERROR_INTERNAL || e == TICK_ERROR_NOT_ALLOWED;
                Tick t = {};

                check_seen_set_error(&t, (TickError)e);
                assert_int_equal(t.error, e);
                assert_int_equal(t.outcome, e == TICK_ERROR_NONE ? TICK_UP
                                            : abstains           ? TICK_ABSTAIN
                                                                 : TICK_DOWN);
        }
}

static void no_failure_of_a_client_is_up(void **state) {
        (void)state;
        for (unsigned e = HTTP_OK; e < _HTTP_ERROR_MAX; e++) {
                Tick t = check_seen_http(&(HttpResult){ .error = (HttpError)e });

                assert_int_equal(t.outcome == TICK_UP, e == HTTP_OK);
        }
        for (unsigned o = RESOLVER_FOUND; o <= RESOLVER_NO_MEMORY; o++)
                assert_int_equal(check_seen_names((ResolverOutcome)o) == TICK_ERROR_NONE,
                                 o == RESOLVER_FOUND);
}

static void who_stood_still_abstains(void **state) {
        Tick t = { .outcome = TICK_UP, .phases = { .dns = 1000000, .wait = 1000000 } };

        (void)state;
        check_seen_judge_time(&t, 1000000);
        assert_int_equal(t.outcome, TICK_UP);
        t.phases.tls = 1;
        check_seen_judge_time(&t, 1000000);
        assert_int_equal(t.outcome, TICK_ABSTAIN);
        assert_int_equal(t.error, TICK_ERROR_INTERNAL);
        assert_int_equal(check_seen_phase(UINT64_MAX), UINT32_MAX);
        assert_int_equal(check_seen_phase(7), 7);
        assert_int_equal(check_seen_family(4), AF_INET);
        assert_int_equal(check_seen_family(6), AF_INET6);
        assert_int_equal(check_seen_family(0), AF_UNSPEC);
}

static void an_address_is_its_bytes(void **state) {
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr.s6_addr = { 1, [15] = 2 } };
        struct sockaddr none = { .sa_family = AF_UNSPEC };
        Tick t = {};

        (void)state;
        check_seen_set_address(&t, &none);
        assert_int_equal(t.family, 0);
        check_seen_set_address(&t, (struct sockaddr *)&v6);
        assert_int_equal(t.family, 6);
        assert_memory_equal(t.address, &v6.sin6_addr, 16);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_class_has_its_outcome),
                cmocka_unit_test(no_failure_of_a_client_is_up),
                cmocka_unit_test(who_stood_still_abstains),
                cmocka_unit_test(an_address_is_its_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
