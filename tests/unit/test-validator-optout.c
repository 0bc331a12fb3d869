/* What an origin says of being checked, how often it is asked, and that nobody waits for ever. */
#include "check-fixture.h"

#include <errno.h>

#define NOW (1000 * USEC_PER_SEC)

typedef struct Fixture {
        CheckFixture check;
        HttpClient *http;
        OptOuts *outs;
        ConnectRules connect;
        char url[64];
        unsigned answers, outs_said;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        if (!f)
                return -1;
        check_fixture_open(&f->check);
        f->connect.guard = f->check.guard;
        assert_int_equal(http_client_new(&f->http, &f->check.loop), 0);
        assert_int_equal(opt_outs_new(&f->outs, &(OptOutsOptions){ .http = f->http,
                                                                   .connect = &f->connect,
                                                                   .user_agent = "test",
                                                                   .origins_max = 4 }),
                         0);
        /* By name: the address is one the owner has named, and not asked. */
        snprintf(f->url, sizeof(f->url), "http://localhost:%u/200?x", f->check.port);
        f->check.opt_out_status = 404;
        f->check.opt_out = "";
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        opt_outs_free(f->outs);
        http_client_free(f->http);
        check_fixture_close(&f->check);
        free(f);
        return 0;
}

static void on_done(bool out, void *userdata) {
        Fixture *f = userdata;

        f->answers++;
        f->outs_said += out;
}

static int ask(Fixture *f, const char *url, usec_t now, OptOutAsk **ret) {
        return opt_outs_ask(f->outs, &(OptOutQuestion){ url, now, on_done, f }, ret);
}

static void await(Fixture *f, unsigned answers) {
        TURN_UNTIL(&f->check, f->answers >= answers);
        assert_int_equal(f->answers, answers);
}

static void says(Fixture *f, unsigned status, const char *text) {
        f->check.opt_out_status = status;
        f->check.opt_out = text;
}

static void an_origin_is_asked_once(void **state) {
        Fixture *f = *state;
        char other[80];
        OptOutAsk *a;

        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED);
        assert_int_equal(f->answers, 0);
        await(f, 1);
        assert_int_equal(f->outs_said, 0);
        snprintf(other, sizeof(other), "http://localhost:%u", f->check.port);
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_NO);
        assert_int_equal(ask(f, other, NOW + USEC_PER_DAY - 1, &a), OPT_OUT_NO);
        assert_int_equal(f->check.asked, 1);
        assert_int_equal(f->check.served, 0);
        assert_int_equal(opt_outs_count(f->outs), 1);
}

static void the_first_line_says_no(void **state) {
        static const struct {
                unsigned status;
                const char *text;
                bool out;
        } rows[] = {
                { 200, "dpin-optout", true },
                { 200, "dpin-optout\n", true },
                { 200, "dpin-optout\r\nWrite to us first.\r\n", true },
                { 200, "", false },
                { 200, "dpin-optou", false },
                { 200, "dpin-optouts\n", false },
                { 200, "dpin-optout please\n", false },
                { 200, " dpin-optout\n", false },
                { 200, "\ndpin-optout\n", false },
                { 200, "DPIN-OPTOUT\n", false },
                { 200, "<!doctype html><title>Shop</title>dpin-optout\n", false },
                { 404, "dpin-optout\n", false },
                { 500, "dpin-optout\n", false },
                { 206, "dpin-optout\n", false },
                { 302, "dpin-optout\n", false },
        };
        Fixture *f = *state;
        usec_t now = NOW;
        OptOutAsk *a;

        assert_int_equal(ask(f, f->url, now, &a), OPT_OUT_ASKED);
        await(f, 1);
        for (unsigned i = 0; i < ELEMENTSOF(rows); i++) {
                int before = ask(f, f->url, now, &a), r = before;

                says(f, rows[i].status, rows[i].text);
                now += 2 * USEC_PER_DAY;
                assert_int_equal(ask(f, f->url, now, &a), before); /* until it has answered */
                TURN_UNTIL(&f->check, f->check.asked == i + 2);
                TURN_UNTIL(&f->check, http_client_active(f->http) == 0);
                r = ask(f, f->url, now, &a);
                if (r != (rows[i].out ? OPT_OUT_YES : OPT_OUT_NO))
                        fail_msg("%u \"%s\": %d", rows[i].status, rows[i].text, r);
        }
        assert_int_equal(f->answers, 1); /* only the first one waited */
}

static void it_is_asked_again_after_a_day_not_earlier(void **state) {
        Fixture *f = *state;
        OptOutAsk *a;

        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED);
        await(f, 1);
        assert_int_equal(ask(f, f->url, NOW + USEC_PER_DAY - 1, &a), OPT_OUT_NO);
        assert_int_equal(http_client_active(f->http), 0);
        assert_int_equal(ask(f, f->url, NOW + 30 * USEC_PER_HOUR + 1, &a), OPT_OUT_NO);
        assert_int_equal(http_client_active(f->http), 1);
        assert_int_equal(ask(f, f->url, NOW + 90 * USEC_PER_HOUR, &a), OPT_OUT_NO);
        assert_int_equal(http_client_active(f->http), 1);
}

static void all_who_wait_share_one_answer(void **state) {
        Fixture *f = *state;
        OptOutAsk *a[5];

        says(f, 200, "dpin-optout\n");
        for (int i = 0; i < 5; i++)
                assert_int_equal(ask(f, f->url, NOW, &a[i]), OPT_OUT_ASKED);
        assert_null(opt_out_cancel(a[0]));
        assert_null(opt_out_cancel(a[3]));
        assert_null(opt_out_cancel(NULL));
        await(f, 3);
        assert_int_equal(f->outs_said, 3);
        assert_int_equal(f->check.asked, 1);
}

static void who_gives_up_leaves_the_question(void **state) {
        Fixture *f = *state;
        OptOutAsk *a;

        says(f, 200, "dpin-optout\n");
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED);
        opt_out_cancel(a);
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED); /* it is not known yet */
        await(f, 1);
        assert_int_equal(f->outs_said, 1);
        assert_int_equal(f->check.asked, 1);
}

static void who_does_not_answer_says_nothing(void **state) {
        Fixture *f = *state;
        char closed[64];
        OptOutAsk *a;

        says(f, 0, NULL);
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED);
        await(f, 1); /* in two seconds */
        snprintf(closed, sizeof(closed), "http://localhost:%u/", f->check.closed_port);
        assert_int_equal(ask(f, closed, NOW, &a), OPT_OUT_ASKED);
        await(f, 2);
        assert_int_equal(ask(f, "http://10.0.0.1/", NOW, &a), OPT_OUT_ASKED); /* not allowed */
        await(f, 3);
        assert_int_equal(f->outs_said, 0);
}

/* What this machine's own rules kept from being asked is asked before the next check. */
static void who_was_not_asked_is_asked_again(void **state) {
        Fixture *f = *state;
        _cleanup_(guard_freep) Guard *strict = NULL;
        OptOutAsk *a;

        assert_int_equal(guard_new(&strict, NULL, NULL, NULL), 0);
        f->connect.guard = strict;
        says(f, 200, "dpin-optout\n");
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED); /* it is not allowed */
        await(f, 1);
        assert_int_equal(f->outs_said, 0);
        f->connect.guard = f->check.guard;
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED);
        await(f, 2);
        assert_int_equal(f->outs_said, 1);
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_YES);
        assert_int_equal(f->check.asked, 1);
}

static void what_was_said_holds_when_it_is_down(void **state) {
        Fixture *f = *state;
        OptOutAsk *a;

        says(f, 200, "dpin-optout\n");
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED);
        await(f, 1);
        says(f, 0, NULL);
        assert_int_equal(ask(f, f->url, NOW + 2 * USEC_PER_DAY, &a), OPT_OUT_YES);
        TURN_UNTIL(&f->check, http_client_active(f->http) == 0);
        assert_int_equal(ask(f, f->url, NOW + 2 * USEC_PER_DAY, &a), OPT_OUT_YES);
        assert_int_equal(f->check.asked, 2);
}

static void the_owners_networks_are_not_asked(void **state) {
        Fixture *f = *state;
        char url[64];
        OptOutAsk *a;

        snprintf(url, sizeof(url), "http://127.0.0.1:%u/200", f->check.port);
        assert_int_equal(ask(f, url, NOW, &a), OPT_OUT_NO);
        assert_int_equal(ask(f, "tcp://127.0.0.1:80", NOW, &a), OPT_OUT_NO);
        assert_int_equal(ask(f, "icmp://127.0.0.1", NOW, &a), OPT_OUT_NO);
        assert_int_equal(ask(f, "dns:example.org", NOW, &a), OPT_OUT_NO);
        assert_int_equal(http_client_active(f->http), 0);
        assert_int_equal(opt_outs_count(f->outs), 2);
}

/* Of whatever kind its check is, it is the host's website that says. */
static void other_kinds_ask_the_website(void **state) {
        Fixture *f = *state;
        OptOutAsk *a[4];

        assert_int_equal(ask(f, "tcp://10.0.0.1:25", NOW, &a[0]), OPT_OUT_ASKED);
        assert_int_equal(ask(f, "icmp://10.0.0.1", NOW, &a[1]), OPT_OUT_ASKED);
        assert_int_equal(ask(f, "http://10.0.0.1/x", NOW, &a[2]), OPT_OUT_ASKED);
        assert_int_equal(opt_outs_count(f->outs), 1);
        assert_int_equal(ask(f, "tls://10.0.0.1:465", NOW, &a[3]), OPT_OUT_ASKED);
        assert_int_equal(opt_outs_count(f->outs), 2);
        await(f, 4);
}

static void origins_are_bounded(void **state) {
        Fixture *f = *state;
        char url[64];
        OptOutAsk *a;

        says(f, 200, "dpin-optout");
        assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_ASKED);
        await(f, 1);
        for (unsigned i = 0; i < 100; i++) {
                snprintf(url, sizeof(url), "https://10.0.0.%u/", i);
                assert_int_equal(ask(f, url, NOW, &a), OPT_OUT_ASKED);
                assert_int_equal(ask(f, f->url, NOW, &a), OPT_OUT_YES); /* used again and again */
                await(f, i + 2);
                assert_true(opt_outs_count(f->outs) <= 4);
        }
        assert_int_equal(f->check.asked, 1);
}

/* Who waits is kept; it is the checker that bounds them. */
static void who_is_waited_for_is_not_forgotten(void **state) {
        Fixture *f = *state;
        OptOutAsk *a[20];
        char url[64];

        for (unsigned i = 0; i < 20; i++) {
                snprintf(url, sizeof(url), "https://10.0.0.%u/", i);
                assert_int_equal(ask(f, url, NOW, &a[i]), OPT_OUT_ASKED);
        }
        assert_int_equal(opt_outs_count(f->outs), 20);
        await(f, 20);
}

static void it_introduces_itself(void **state) {
        _cleanup_free_ char *plain = NULL, *full = NULL;

        (void)state;
        assert_int_equal(opt_out_user_agent(&plain, NULL), 0);
        assert_non_null(strstr(plain, "(uptime check by volunteers; opt out: " OPT_OUT_PATH ")"));
        assert_int_equal(opt_out_user_agent(&full, "https://example.org/why"), 0);
        assert_non_null(strstr(full, "(+https://example.org/why; uptime check"));
}

#define OPT_OUT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                OPT_OUT_TEST(an_origin_is_asked_once),
                OPT_OUT_TEST(the_first_line_says_no),
                OPT_OUT_TEST(it_is_asked_again_after_a_day_not_earlier),
                OPT_OUT_TEST(all_who_wait_share_one_answer),
                OPT_OUT_TEST(who_gives_up_leaves_the_question),
                OPT_OUT_TEST(who_does_not_answer_says_nothing),
                OPT_OUT_TEST(who_was_not_asked_is_asked_again),
                OPT_OUT_TEST(what_was_said_holds_when_it_is_down),
                OPT_OUT_TEST(the_owners_networks_are_not_asked),
                OPT_OUT_TEST(other_kinds_ask_the_website),
                OPT_OUT_TEST(origins_are_bounded),
                OPT_OUT_TEST(who_is_waited_for_is_not_forgotten),
                cmocka_unit_test(it_introduces_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
