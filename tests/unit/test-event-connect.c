/* The guard, then the throttle, of which the owner's own networks are free. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event/connect.h"

static unsigned connects(const ConnectRules *rules, const char *text, unsigned times) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(80) };
        unsigned n = 0;

        assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
        for (unsigned i = 0; i < times; i++)
                n += connect_allowed((struct sockaddr *)&a, sizeof(a), (void *)rules);
        return n;
}

static void rules_are_asked_one_after_the_other(void **state _unused_) {
        _cleanup_(guard_freep) Guard *guard = NULL;
        _cleanup_(throttle_freep) Throttle *throttle = NULL;
        ConnectRules rules;

        assert_int_equal(guard_new(&guard, "10.0.0.0/8", "10.6.6.6", NULL), 0);
        assert_int_equal(throttle_new(&throttle, 1), 0);
        rules = (ConnectRules){ .guard = guard, .throttle = throttle };
        assert_int_equal(connects(&rules, "127.0.0.1", 3), 0);
        assert_int_equal(connects(&rules, "10.6.6.6", 3), 0);
        assert_in_range(connects(&rules, "8.8.8.8", 50), THROTTLE_BURST_SECONDS, 10);
        assert_int_equal(connects(&rules, "10.0.0.1", 50), 50);
        rules.throttle = NULL;
        assert_int_equal(connects(&rules, "8.8.8.8", 50), 50);
}

static void the_first_that_is_allowed_is_taken(void **state _unused_) {
        static const char *const texts[] = { "127.0.0.1", "10.6.6.6", "10.0.0.7", "8.8.8.8" };
        _cleanup_(guard_freep) Guard *guard = NULL;
        ResolverResult names = { .n = 4 };
        char text[NET_ADDRESS_TEXT_SIZE];
        ConnectRules rules;

        assert_int_equal(guard_new(&guard, "10.0.0.0/8", "10.6.6.6", NULL), 0);
        rules = (ConnectRules){ .guard = guard };
        for (unsigned i = 0; i < names.n; i++)
                assert_true(net_address_parse(texts[i], 0, &names.addresses[i]));
        net_address_text_port(connect_first(&rules, &names, 53), text);
        assert_string_equal(text, "10.0.0.7:53");
        names.n = 2;
        assert_null(connect_first(&rules, &names, 53));
        names.n = 0;
        assert_null(connect_first(&rules, &names, 53));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rules_are_asked_one_after_the_other),
                cmocka_unit_test(the_first_that_is_allowed_is_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
