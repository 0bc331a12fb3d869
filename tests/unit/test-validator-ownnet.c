/* Who tells that this machine is online, how long it is believed, and that nobody waits for ever.
 */
#include "check-fixture.h"

#include <errno.h>

#include "validator/ownnet.h"

typedef struct Fixture {
        CheckFixture check;
        HttpClient *http;
        OwnNetwork *network;
        char good[64], closed[64], silent[64];
        bool has_hub;
        usec_t hub_silent;
        unsigned pings, answers, offline;
} Fixture;

static bool on_hub(usec_t *ret_silent, void *userdata) {
        Fixture *f = userdata;

        f->pings++;
        *ret_silent = f->hub_silent;
        return f->has_hub;
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        if (!f)
                return -1;
        check_fixture_open(&f->check);
        assert_int_equal(http_client_new(&f->http, &f->check.loop), 0);
        snprintf(f->good, sizeof(f->good), "http://127.0.0.1:%u/404", f->check.port);
        snprintf(f->silent, sizeof(f->silent), "http://127.0.0.1:%u/silent", f->check.port);
        snprintf(f->closed, sizeof(f->closed), "http://127.0.0.1:%u/", f->check.closed_port);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        own_network_free(f->network);
        http_client_free(f->http);
        check_fixture_close(&f->check);
        free(f);
        return 0;
}

static void start(Fixture *f, const char *controls) {
        assert_int_equal(own_network_new(&f->network, &f->check.loop,
                                         &(OwnNetworkOptions){ .http = f->http,
                                                               .controls = controls,
                                                               .hub = on_hub,
                                                               .userdata = f }),
                         0);
}

static void on_done(bool offline, void *userdata) {
        Fixture *f = userdata;

        f->answers++;
        f->offline += offline;
}

static int ask(Fixture *f, OwnNetworkAsk **ret) {
        return own_network_ask(f->network, on_done, f, ret);
}

static void await(Fixture *f, unsigned answers) {
        TURN_UNTIL(&f->check, f->answers >= answers);
        assert_int_equal(f->answers, answers);
}

static void without_a_control_nothing_is_doubted(void **state) {
        Fixture *f = *state;
        OwnNetworkAsk *a;

        start(f, NULL);
        assert_int_equal(ask(f, &a), OWN_NETWORK_ONLINE);
}

static void one_control_that_answers_is_enough(void **state) {
        Fixture *f = *state;
        usec_t before = now_boottime();
        OwnNetworkAsk *a;
        char all[300];

        snprintf(all, sizeof(all), "%s %s %s", f->closed, f->silent, f->good);
        start(f, all);
        assert_int_equal(ask(f, &a), OWN_NETWORK_ASKED);
        assert_int_equal(f->answers, 0);
        await(f, 1);
        assert_int_equal(f->offline, 0);
        assert_true(now_boottime() < before + OWN_NETWORK_PATIENCE);
        assert_string_equal(f->check.last, "HEAD");
        assert_int_equal(http_client_active(f->http), 0); /* the others are not waited for */
        assert_int_equal(ask(f, &a), OWN_NETWORK_ONLINE); /* it is believed for a while */
        usec_t end = now_boottime() + OWN_NETWORK_ONLINE_FOR;
        TURN_UNTIL(&f->check, now_boottime() > end);
        assert_int_equal(ask(f, &a), OWN_NETWORK_ASKED);
        await(f, 2);
}

static void silence_of_all_means_offline(void **state) {
        Fixture *f = *state;
        usec_t before = now_boottime(), end;
        OwnNetworkAsk *a;
        char all[200];

        snprintf(all, sizeof(all), "%s %s", f->closed, f->silent);
        start(f, all);
        f->has_hub = true;
        f->hub_silent = USEC_INFINITY;
        assert_int_equal(ask(f, &a), OWN_NETWORK_ASKED);
        await(f, 1);
        assert_int_equal(f->offline, 1);
        assert_in_range(now_boottime() - before, OWN_NETWORK_PATIENCE, 2 * OWN_NETWORK_PATIENCE);
        assert_int_equal(ask(f, &a), OWN_NETWORK_OFFLINE);
        end = before + OWN_NETWORK_PATIENCE + OWN_NETWORK_OFFLINE_FOR / 2;
        TURN_UNTIL(&f->check, now_boottime() > end);
        assert_int_equal(ask(f, &a), OWN_NETWORK_OFFLINE); /* longer than an online is */
}

/* What it said before the failure proves nothing. */
static void the_hub_tells_when_it_is_heard_after_the_failure(void **state) {
        Fixture *f = *state;
        OwnNetworkAsk *a;

        start(f, NULL);
        f->has_hub = true;
        f->hub_silent = USEC_PER_SEC;
        assert_int_equal(ask(f, &a), OWN_NETWORK_ASKED);
        TURN_UNTIL(&f->check, f->pings >= 4);
        assert_int_equal(f->answers, 0);
        f->hub_silent = 0;
        await(f, 1);
        assert_int_equal(f->offline, 0);
}

static void one_control_check_is_under_way_at_a_time(void **state) {
        Fixture *f = *state;
        OwnNetworkAsk *a[100];

        start(f, f->good);
        for (unsigned i = 0; i < ELEMENTSOF(a); i++)
                assert_int_equal(ask(f, &a[i]), OWN_NETWORK_ASKED);
        for (unsigned i = 0; i < ELEMENTSOF(a); i += 2)
                assert_null(own_network_cancel(a[i]));
        assert_null(own_network_cancel(NULL));
        await(f, 50);
        assert_int_equal(f->check.served, 1);
}

static void who_waits_goes_with_it(void **state) {
        Fixture *f = *state;
        OwnNetworkAsk *a;

        start(f, f->silent);
        assert_int_equal(ask(f, &a), OWN_NETWORK_ASKED);
        check_fixture_await(&f->check, &f->check.served, 1);
        f->network = own_network_free(f->network);
        assert_int_equal(http_client_active(f->http), 0);
        assert_int_equal(f->answers, 0);
}

static void some_failures_are_the_targets_alone(void **state) {
        (void)state;
        assert_true(own_network_may_cause(TICK_ERROR_DNS));
        assert_true(own_network_may_cause(TICK_ERROR_UNREACHABLE));
        assert_true(own_network_may_cause(TICK_ERROR_TIMEOUT_CONNECT));
        assert_false(own_network_may_cause(TICK_ERROR_NONE));
        assert_false(own_network_may_cause(TICK_ERROR_REFUSED));
        assert_false(own_network_may_cause(TICK_ERROR_RESET));
        assert_false(own_network_may_cause(TICK_ERROR_STATUS));
        assert_false(own_network_may_cause(TICK_ERROR_GUARD));
}

#define OWN_NETWORK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                OWN_NETWORK_TEST(without_a_control_nothing_is_doubted),
                OWN_NETWORK_TEST(one_control_that_answers_is_enough),
                OWN_NETWORK_TEST(silence_of_all_means_offline),
                OWN_NETWORK_TEST(the_hub_tells_when_it_is_heard_after_the_failure),
                OWN_NETWORK_TEST(one_control_check_is_under_way_at_a_time),
                OWN_NETWORK_TEST(who_waits_goes_with_it),
                cmocka_unit_test(some_failures_are_the_targets_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
