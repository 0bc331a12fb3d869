/* The queue before the checks: bounded, in order, cancelled at any time. */
#include "check-fixture.h"

#include <errno.h>

#include "dns-server.h"

#define LONG_TIME (60 * USEC_PER_SEC)

static void a_check_is_done_once_and_never_inside(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        usec_t before = now_boottime();
        Check *c;

        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        assert_int_equal(f->done, 0);
        assert_false(check_is_active(c));
        spec_done(&spec); /* it has a copy */
        spec = (Spec){};
        check_fixture_await(f, &f->done, 1);
        assert_int_equal(f->result.seen.outcome, TICK_UP);
        assert_in_range(f->result.started, before, now_boottime());
        assert_int_equal(checker_active(f->checker), 0);
}

static void upside_down_a_failure_is_what_is_expected(void **state) {
        static const struct {
                const char *path, *allow;
                TickOutcome outcome;
                TickError error;
        } rows[] = {
                { "/200", "127.0.0.0/8", TICK_DOWN, TICK_ERROR_ASSERTION },
                { "/503", "127.0.0.0/8", TICK_UP, TICK_ERROR_NONE },
                { "/200", NULL, TICK_ABSTAIN, TICK_ERROR_GUARD },
        };
        CheckFixture *f = *state;
        Check *c;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, rows[i].path);

                check_fixture_stop(f);
                check_fixture_start(f, rows[i].allow, 2);
                spec.invert = true;
                f->done = 0;
                assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
                check_fixture_await(f, &f->done, 1);
                assert_int_equal(f->result.seen.outcome, rows[i].outcome);
                assert_int_equal(f->result.seen.error, rows[i].error);
        }
        assert_int_equal(f->result.seen.status, 0);
}

static void an_unknown_kind_is_refused(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        Check *c = NULL;

        snprintf(spec.type, sizeof(spec.type), "ping");
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), -EPROTONOSUPPORT);
        assert_null(c);
}

static void what_cannot_be_started_abstains(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        Check *c;

        free(spec.url);
        spec.url = strdup("gopher://127.0.0.1/");
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 1);
        assert_int_equal(f->result.seen.outcome, TICK_ABSTAIN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_INTERNAL);
}

/* Two run, three wait, one more is refused. */
static void fill(CheckFixture *f, Check *c[static 5]) {
        _cleanup_(spec_done) Spec silent = check_fixture_spec(f->port, "/silent");
        _cleanup_(spec_done) Spec fine = check_fixture_spec(f->port, "/200");
        Check *refused = NULL;

        for (int i = 0; i < 2; i++)
                assert_int_equal(check_fixture_ask(f, &silent, LONG_TIME, &c[i]), 0);
        check_fixture_await(f, &f->served, 2);
        for (int i = 2; i < 5; i++)
                assert_int_equal(check_fixture_ask(f, &fine, LONG_TIME, &c[i]), 0);
        assert_int_equal(check_fixture_ask(f, &fine, LONG_TIME, &refused), -ENOBUFS);
        for (int i = 0; i < 10; i++)
                uv_run(&f->loop, UV_RUN_NOWAIT);
        assert_int_equal(checker_active(f->checker), 2);
        assert_int_equal(f->served, 2);
        assert_true(check_is_active(c[0]));
        assert_false(check_is_active(c[2]));
}

static void so_many_run_and_so_many_wait(void **state) {
        CheckFixture *f = *state;
        Check *c[5];

        fill(f, c);
        check_cancel(c[0]);
        check_fixture_await(f, &f->done, 3);
        assert_int_equal(checker_active(f->checker), 1);
}

static void a_crowd_begins_a_few_at_a_time(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec silent = check_fixture_spec(f->port, "/silent");
        Check *c[20];

        check_fixture_stop(f);
        check_fixture_start_with(f, "127.0.0.0/8",
                                 (CheckerOptions){ .concurrency = 18, .queue_max = 20 });
        for (int i = 0; i < 20; i++)
                assert_int_equal(check_fixture_ask(f, &silent, LONG_TIME, &c[i]), 0);
        for (size_t began = 0; began < 18; began = checker_active(f->checker)) {
                uv_run(&f->loop, UV_RUN_NOWAIT);
                assert_in_range(checker_active(f->checker), began + 1, began + 4);
        }
        check_fixture_await(f, &f->served, 18);
        assert_int_equal(checker_active(f->checker), 18);
        check_cancel(c[0]);
        check_cancel(c[1]);
        check_fixture_await(f, &f->served, 20);
}

static void waiting_ones_are_cancelled_like_running_ones(void **state) {
        CheckFixture *f = *state;
        Check *c[5];

        fill(f, c);
        for (int i = 4; i >= 0; i--)
                check_cancel(c[i]);
        assert_null(check_cancel(NULL));
        for (int i = 0; i < 10; i++)
                uv_run(&f->loop, UV_RUN_NOWAIT);
        assert_int_equal(f->done, 0);
        assert_int_equal(checker_active(f->checker), 0);
}

static void open_ones_go_with_the_checker(void **state) {
        CheckFixture *f = *state;
        Check *c[5];

        fill(f, c);
        check_fixture_stop(f);
        assert_int_equal(f->done, 0);
}

/* Two checks a second, two seconds' worth at once. */
static void what_is_over_the_budget_is_not_run(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        Budget budget;
        Check *c;

        budget_init(&budget, 2, 1 << 30);
        check_fixture_stop(f);
        check_fixture_start_with(f, "127.0.0.0/8",
                                 (CheckerOptions){ .concurrency = 2, .budget = &budget });
        for (unsigned i = 0; i < 4; i++) {
                assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
                check_fixture_await(f, &f->done, i + 1);
                assert_int_equal(f->result.seen.outcome, TICK_UP);
                assert_int_equal(f->result.refusal, CHECK_NOT_REFUSED);
        }
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 5);
        assert_int_equal(f->result.seen.outcome, TICK_ABSTAIN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_GUARD);
        assert_int_equal(f->result.refusal, CHECK_REFUSED_BUDGET);
        assert_int_equal(f->served, 4);
}

static void what_was_read_is_paid_from_the_budget(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        Budget budget, paid;
        Check *c;

        budget_init(&budget, 1000, 1 << 10);
        paid = budget;
        check_fixture_stop(f);
        check_fixture_start_with(f, "127.0.0.0/8",
                                 (CheckerOptions){ .concurrency = 2, .budget = &budget });
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 1);
        budget_spend(&paid, 10, f->result.started); /* as long as the answer is */
        assert_in_range(budget.bytes_paid, paid.bytes_paid, paid.bytes_paid + USEC_PER_MIN);
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 2);
        assert_int_equal(f->result.refusal, CHECK_REFUSED_BUDGET);
}

static void what_the_guard_refuses_says_so(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        Check *c;

        check_fixture_stop(f);
        check_fixture_start(f, NULL, 2);
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 1);
        assert_int_equal(f->result.seen.error, TICK_ERROR_GUARD);
        assert_int_equal(f->result.refusal, CHECK_REFUSED_TARGET);
}

/* By its name, so that it is asked. */
static void start_asking(CheckFixture *f, unsigned status, Spec *ret) {
        char url[64];

        snprintf(url, sizeof(url), "http://localhost:%u/200", f->port);
        assert_int_equal(spec_default(ret, url), 0);
        f->opt_out_status = status;
        f->opt_out = "dpin-optout\n";
        check_fixture_stop(f);
        check_fixture_start_with(f, "127.0.0.0/8",
                                 (CheckerOptions){ .concurrency = 2, .origins_max = 4 });
}

static void who_opted_out_is_not_checked(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = { 0 };
        Check *c;

        start_asking(f, 200, &spec);
        for (unsigned i = 1; i < 3; i++) {
                assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
                check_fixture_await(f, &f->done, i);
                assert_int_equal(f->result.seen.outcome, TICK_ABSTAIN);
                assert_int_equal(f->result.seen.error, TICK_ERROR_GUARD);
                assert_int_equal(f->result.refusal, CHECK_REFUSED_OPT_OUT);
        }
        assert_int_equal(f->asked, 1);
        assert_int_equal(f->served, 0);
}

static void who_asks_is_told_why_it_is_refused(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = { 0 };
        CheckStory stories[2] = { 0 };
        Budget budget;
        Check *c;

        budget_init(&budget, 1, 1);
        start_asking(f, 200, &spec);
        check_fixture_stop(f);
        check_fixture_start_with(
                        f, "127.0.0.0/8",
                        (CheckerOptions){ .concurrency = 1, .origins_max = 4, .budget = &budget });
        for (unsigned i = 0; i < 2; i++) {
                CheckRequest request = { .spec = &spec,
                                         .timeout = LONG_TIME,
                                         .story = &stories[i] };

                assert_int_equal(checker_start(f->checker, &request, check_fixture_done, f, &c), 0);
                check_fixture_await(f, &f->done, i + 1);
                budget_spend(&budget, 1, now_boottime());
        }
        assert_string_equal(stories[0].detail, "the website has opted out of being checked");
        assert_string_equal(stories[1].detail, "ChecksPerSecond= or BytesPerSecond= is used up");
}

static void asking_is_no_part_of_the_check(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = { 0 };
        usec_t before = now_boottime();
        Check *c;

        start_asking(f, 0, &spec); /* no answer comes within two seconds */
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->asked, 1);
        assert_false(check_is_active(c));
        assert_int_equal(checker_active(f->checker), 1);
        check_fixture_await(f, &f->done, 1);
        assert_int_equal(f->result.seen.outcome, TICK_UP);
        assert_true(f->result.started > before + USEC_PER_SEC);
        assert_true(tick_total(&f->result.seen) < USEC_PER_SEC);
}

static void who_asks_is_cancelled_like_who_checks(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = { 0 };
        Check *c;

        start_asking(f, 0, &spec);
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->asked, 1);
        check_cancel(c);
        assert_int_equal(checker_active(f->checker), 0);
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        for (int i = 0; i < 10; i++)
                uv_run(&f->loop, UV_RUN_NOWAIT);
        check_fixture_stop(f); /* with one that asks */
        assert_int_equal(f->done, 0);
}

static bool on_hub(usec_t *ret_silent, void *userdata) {
        *ret_silent = *(const usec_t *)userdata;
        return true;
}

static void start_doubting_with(CheckFixture *f, usec_t *hub_silent, const char *resolvers) {
        check_fixture_stop(f);
        check_fixture_start_with(f, "127.0.0.0/8",
                                 (CheckerOptions){ .concurrency = 2,
                                                   .resolvers = resolvers,
                                                   .hub = on_hub,
                                                   .hub_userdata = hub_silent });
}

static void start_doubting(CheckFixture *f, usec_t *hub_silent) {
        start_doubting_with(f, hub_silent, NULL);
}

static void a_failure_of_the_own_network_is_no_verdict(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = { 0 };
        usec_t hub_silent = 0;
        DnsServer server;
        Check *c;

        dns_server_start(&server, &f->loop);
        start_doubting_with(f, &hub_silent, server.address);
        assert_int_equal(spec_default(&spec, "http://none.test/"), 0);
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 1);
        assert_int_equal(f->result.seen.outcome, TICK_DOWN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_DNS);

        start_doubting_with(f, &hub_silent, server.address);
        hub_silent = USEC_INFINITY;
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 2);
        assert_int_equal(f->result.seen.outcome, TICK_ABSTAIN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_OWN_NETWORK);
        assert_int_equal(f->result.refusal, CHECK_OWN_NETWORK);

        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, 3); /* it is known for a while */
        assert_int_equal(f->result.seen.error, TICK_ERROR_OWN_NETWORK);
        dns_server_stop(&server);
}

static void ask_by_name(CheckFixture *f, const char *json, unsigned done) {
        const char *reason = NULL;
        _cleanup_(spec_done) Spec spec = { 0 };
        Check *c;

        assert_int_equal(spec_parse(json, strlen(json), &spec, &reason), 0);
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c), 0);
        check_fixture_await(f, &f->done, done);
}

/* The hub is heard over a connection that stands: it says nothing about DNS. */
static void own_resolvers_that_fail_are_no_verdict(void **state) {
        static const char http[] = "{\"type\":\"http\",\"url\":\"http://none.test/\",\"method\":"
                                   "\"GET\",\"redirects\":0,\"status\":\"200-399\"}",
                          dns[] = "{\"type\":\"dns\",\"url\":\"dns:failed.test\"}";
        CheckFixture *f = *state;
        usec_t hub_silent = 0;
        DnsServer server;

        dns_server_start(&server, &f->loop);
        start_doubting_with(f, &hub_silent, server.address);
        ask_by_name(f, http, 1);
        assert_int_equal(f->result.seen.outcome, TICK_DOWN); /* they find others */
        assert_int_equal(f->result.seen.error, TICK_ERROR_DNS);
        ask_by_name(f, dns, 2);
        assert_int_equal(f->result.seen.outcome, TICK_DOWN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_STATUS);

        dns_server_stop(&server); /* nobody listens there */
        start_doubting_with(f, &hub_silent, server.address);
        ask_by_name(f, http, 3);
        assert_int_equal(f->result.seen.outcome, TICK_ABSTAIN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_OWN_NETWORK);
        assert_int_equal(f->result.refusal, CHECK_OWN_NETWORK);
        ask_by_name(f, dns, 4);
        assert_int_equal(f->result.seen.outcome, TICK_ABSTAIN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_OWN_NETWORK);
}

static void the_owners_networks_are_not_doubted(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/silent");
        usec_t hub_silent = USEC_INFINITY;
        Check *c;

        start_doubting(f, &hub_silent);
        assert_int_equal(check_fixture_ask(f, &spec, 50 * USEC_PER_MSEC, &c), 0);
        check_fixture_await(f, &f->done, 1);
        assert_int_equal(f->result.seen.outcome, TICK_DOWN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_TIMEOUT_WAIT);
}

static void who_doubts_is_cancelled_like_who_checks(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = { 0 };
        usec_t hub_silent = USEC_INFINITY, end;
        Check *c[2];

        start_doubting(f, &hub_silent);
        assert_int_equal(spec_default(&spec, "http://nobody.invalid/"), 0);
        for (int i = 0; i < 2; i++)
                assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c[i]), 0);
        TURN_UNTIL(f, checker_active(f->checker) == 2);
        TURN_UNTIL(f, !check_is_active(c[0]) && !check_is_active(c[1]));
        check_cancel(c[0]);
        assert_int_equal(checker_active(f->checker), 1);
        check_fixture_await(f, &f->done, 1);

        start_doubting(f, &hub_silent);
        assert_int_equal(check_fixture_ask(f, &spec, LONG_TIME, &c[0]), 0);
        TURN_UNTIL(f, checker_active(f->checker) == 1 && !check_is_active(c[0]));
        check_fixture_stop(f); /* with one that doubts */
        end = now_boottime() + USEC_PER_SEC / 10;
        TURN_UNTIL(f, now_boottime() > end);
        assert_int_equal(f->done, 1);
}

#define CHECK_TEST(f)                                                                              \
        cmocka_unit_test_setup_teardown(f, check_fixture_setup, check_fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                CHECK_TEST(a_check_is_done_once_and_never_inside),
                CHECK_TEST(upside_down_a_failure_is_what_is_expected),
                CHECK_TEST(an_unknown_kind_is_refused),
                CHECK_TEST(what_cannot_be_started_abstains),
                CHECK_TEST(so_many_run_and_so_many_wait),
                CHECK_TEST(a_crowd_begins_a_few_at_a_time),
                CHECK_TEST(waiting_ones_are_cancelled_like_running_ones),
                CHECK_TEST(open_ones_go_with_the_checker),
                CHECK_TEST(what_is_over_the_budget_is_not_run),
                CHECK_TEST(what_was_read_is_paid_from_the_budget),
                CHECK_TEST(what_the_guard_refuses_says_so),
                CHECK_TEST(who_opted_out_is_not_checked),
                CHECK_TEST(who_asks_is_told_why_it_is_refused),
                CHECK_TEST(asking_is_no_part_of_the_check),
                CHECK_TEST(who_asks_is_cancelled_like_who_checks),
                CHECK_TEST(a_failure_of_the_own_network_is_no_verdict),
                CHECK_TEST(own_resolvers_that_fail_are_no_verdict),
                CHECK_TEST(the_owners_networks_are_not_doubted),
                CHECK_TEST(who_doubts_is_cancelled_like_who_checks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
