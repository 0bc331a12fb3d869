/* icmp://host on loopback, where raw sockets or ping sockets are allowed; "not allowed" where not.
 */
#include "event/icmp.h"
#include "kind-fixture.h"
#include "own-network.h"

#define HERE "{\"type\":\"icmp\",\"url\":\"icmp://loop.test\",\"count\":4}"

static bool is_declared(const KindFixture *f) {
        for (const char *const *c = checker_capabilities(f->checker); *c; c++)
                if (strcmp(*c, "icmp") == 0)
                        return true;
        return false;
}

static void it_is_declared_where_it_is_allowed(void **state) {
        KindFixture *f = *state;
        Tick t;

        assert_int_equal(is_declared(f), icmp_is_allowed(AF_INET));
        t = kind_fixture_check(f, LONG_TIME, HERE, 0);
        if (is_declared(f)) {
                assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
                assert_true(t.phases.dns > 0 && t.phases.wait > 0);
                assert_true(tick_total(&t) < 19 * USEC_PER_SEC);
        } else {
                assert_seen(&t, TICK_ABSTAIN, TICK_ERROR_NOT_ALLOWED);
        }
        assert_int_equal(t.family, 4);
}

static void names_fail_as_for_all_kinds(void **state) {
        KindFixture *f = *state;
        Tick t = kind_fixture_check(f, LONG_TIME,
                                    "{\"type\":\"icmp\",\"url\":\"icmp://none.test\"}", 0);

        assert_seen(&t, TICK_DOWN, TICK_ERROR_DNS);
        t = kind_fixture_check(f, 100 * USEC_PER_MSEC,
                               "{\"type\":\"icmp\",\"url\":\"icmp://silent.test\"}", 0);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TIMEOUT_DNS);
        kind_fixture_allow(f, NULL, NULL);
        t = kind_fixture_check(f, LONG_TIME, HERE, 0);
        assert_seen(&t, TICK_ABSTAIN, TICK_ERROR_GUARD);
        assert_int_equal(t.family, 0);
}

/* One of four comes back. */
static Tick lose_three(KindFixture *f, const char *spec) {
        own_network_set_ignored("0");
        kind_fixture_begin(f, spec, 400 * USEC_PER_MSEC);
        TURN_UNTIL(f, checker_active(f->checker) == 1);
        loop_turn(&f->loop, -1);
        loop_turn(&f->loop, -1);
        own_network_set_ignored("1");
        TURN_UNTIL(f, f->done == 1);
        return f->result.seen;
}

static void loss_is_limited(void **state) {
        KindFixture *f = *state;
        Tick t;

        t = lose_three(f, "{\"type\":\"icmp\",\"url\":\"icmp://127.0.0.1\",\"count\":4,"
                          "\"lossMax\":75}");
        assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
        assert_in_range(t.phases.wait, 1, 200000);
        t = lose_three(f, "{\"type\":\"icmp\",\"url\":\"icmp://127.0.0.1\",\"count\":4,"
                          "\"lossMax\":74}");
        assert_seen(&t, TICK_DOWN, TICK_ERROR_ASSERTION);
        assert_memory_equal(f->story.detail, "1 of 4 came back: min ", 22);
        t = kind_fixture_check(f, 100 * USEC_PER_MSEC, HERE, 0);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TIMEOUT_WAIT);
        assert_in_range(tick_total(&t), 50000, 1000000);
        own_network_set_ignored("0");
        t = kind_fixture_check(f, LONG_TIME, "{\"type\":\"icmp\",\"url\":\"icmp://127.0.0.1\"}", 0);
        assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
}

static void nowhere_is_unreachable(void **state) {
        KindFixture *f = *state;
        Tick t;

        kind_fixture_allow(f, "192.0.2.0/24", NULL);
        t = kind_fixture_check(f, LONG_TIME, "{\"type\":\"icmp\",\"url\":\"icmp://192.0.2.1\"}", 0);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_UNREACHABLE);
}

static void it_is_cancelled_at_any_time(void **state) {
        KindFixture *f = *state;

        for (int turns = 0; turns < 8; turns++) {
                Check *c = kind_fixture_begin(f, HERE, LONG_TIME);

                for (int i = 0; i < turns; i++)
                        uv_run(&f->loop, UV_RUN_NOWAIT);
                assert_int_equal(f->done, 0);
                check_cancel(c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                KIND_TEST(it_is_declared_where_it_is_allowed),
                KIND_TEST(names_fail_as_for_all_kinds),
                KIND_TEST(it_is_cancelled_at_any_time),
        };

        const struct CMUnitTest alone[] = {
                KIND_TEST(loss_is_limited),
                KIND_TEST(nowhere_is_unreachable),
        };
        int failed = cmocka_run_group_tests(tests, NULL, NULL);

        if (!own_network_enter()) {
                print_message("this machine allows no network of one's own\n");
                return failed;
        }
        return failed + cmocka_run_group_tests(alone, NULL, NULL);
}
