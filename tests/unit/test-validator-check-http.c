/* What was seen becomes the fields of a tick, and always one that can be encoded. */
#include <poll.h>

#include "check-fixture.h"

#define TIMEOUT (5 * USEC_PER_SEC)

static const uint8_t zeros[8];

static Tick check_within(CheckFixture *f, const Spec *spec, usec_t timeout) {
        uint8_t bytes[TICK_SIZE_MAX];
        Check *c;

        f->done = 0;
        assert_int_equal(check_fixture_ask(f, spec, timeout, &c), 0);
        check_fixture_await(f, &f->done, 1);
        assert_in_range(tick_encode(&f->result.seen, bytes), TICK_SIZE_MIN, TICK_SIZE_MAX);
        return f->result.seen;
}

static Tick check(CheckFixture *f, const char *path) {
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, path);

        return check_within(f, &spec, TIMEOUT);
}

static void an_accepted_answer_is_up(void **state) {
        CheckFixture *f = *state;
        Tick t = check(f, "/200");
        /* SHA-256 of "0123456789" */
        static const uint8_t hash[8] = { 0x84, 0xd8, 0x98, 0x77, 0xf0, 0xd4, 0x04, 0x1e };
        static const uint8_t address[4] = { 127, 0, 0, 1 };

        assert_int_equal(t.outcome, TICK_UP);
        assert_int_equal(t.error, TICK_ERROR_NONE);
        assert_int_equal(t.flags, 0);
        assert_int_equal(t.status, 200);
        assert_int_equal(t.body_length, 10);
        assert_memory_equal(t.body_hash, hash, 8);
        assert_int_equal(t.family, 4);
        assert_memory_equal(t.address, address, 4);
        assert_int_equal(t.expiry_days, 0);
        assert_in_range(tick_total(&t), 1, TIMEOUT);
        assert_string_equal(f->last, "GET");
}

static void another_status_is_down(void **state) {
        CheckFixture *f = *state;
        Tick t = check(f, "/503");

        assert_int_equal(t.outcome, TICK_DOWN);
        assert_int_equal(t.error, TICK_ERROR_STATUS);
        assert_int_equal(t.status, 503);
}

static void the_accepted_set_is_the_orders(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/503");

        snprintf(spec.status, sizeof(spec.status), "503");
        assert_int_equal(check_within(f, &spec, TIMEOUT).outcome, TICK_UP);
        spec_done(&spec);
        spec = check_fixture_spec(f->port, "/200");
        snprintf(spec.status, sizeof(spec.status), "503");
        assert_int_equal(check_within(f, &spec, TIMEOUT).error, TICK_ERROR_STATUS);
}

static Spec spec_by(const CheckFixture *f, const char *path, const char *members) {
        char text[1024];
        Spec spec;

        snprintf(text, sizeof(text), "{\"type\":\"http\",\"url\":\"http://127.0.0.1:%u%s\",%s}",
                 f->port, path, members);
        assert_int_equal(spec_parse(text, strlen(text), &spec, NULL), 0);
        return spec;
}

static void the_request_is_the_orders(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = spec_by(
                        f, "/200",
                        "\"method\":\"PUT\",\"redirects\":0,\"status\":\"200\",\"body\":\"hello\","
                        "\"headers\":[{\"name\":\"X-Key\",\"value\":\"k\"}]");

        assert_int_equal(check_within(f, &spec, TIMEOUT).outcome, TICK_UP);
        assert_string_equal(f->last, "PUT");
        assert_string_equal(f->said, "k hello");
}

static void what_is_asserted_of_the_answer_is_judged(void **state) {
        static const char members[] =
                        "\"method\":\"GET\",\"redirects\":0,\"status\":\"200\",\"assertions\":["
                        "{\"source\":\"body\",\"operator\":\"matches\",\"value\":\"^0.*9$\"},"
                        "{\"source\":\"header\",\"property\":\"X-Nothing\",\"operator\":\"%s\","
                        "\"value\":\"0\"}]";
        CheckFixture *f = *state;
        char text[512];
        Tick t;

        for (unsigned i = 0; i < 2; i++) {
                snprintf(text, sizeof(text), members, i == 0 ? "equals" : "not_equals");
                _cleanup_(spec_done) Spec spec = spec_by(f, "/200", text);
                t = check_within(f, &spec, TIMEOUT);
                assert_int_equal(t.error, i == 0 ? TICK_ERROR_NONE : TICK_ERROR_ASSERTION);
                assert_int_equal(t.outcome, i == 0 ? TICK_UP : TICK_DOWN);
        }
}

static void a_story_is_told_to_who_asks(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->closed_port, "/");
        CheckStory story = { 0 };
        CheckRequest request = { .spec = &spec, .timeout = TIMEOUT, .story = &story };
        Check *c;

        assert_int_equal(checker_start(f->checker, &request, check_fixture_done, f, &c), 0);
        check_fixture_await(f, &f->done, 1);
        assert_non_null(strstr(story.detail, "connect"));
}

static void no_body_has_no_hash(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        Tick t;

        snprintf(spec.method, sizeof(spec.method), "HEAD");
        t = check_within(f, &spec, TIMEOUT);
        assert_string_equal(f->last, "HEAD");
        assert_int_equal(t.outcome, TICK_UP);
        assert_int_equal(t.body_length, 0);
        assert_memory_equal(t.body_hash, zeros, 8);
        t = check(f, "/204");
        assert_int_equal(t.body_length, 0);
        assert_memory_equal(t.body_hash, zeros, 8);
}

static void a_redirect_is_followed_and_told(void **state) {
        CheckFixture *f = *state;
        Tick t = check(f, "/302?to=/200");

        assert_int_equal(t.outcome, TICK_UP);
        assert_int_equal(t.flags, TICK_REDIRECTED);
        assert_int_equal(t.status, 200);
}

static void a_redirect_too_many_is_down(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/302?to=/302%3Fto=/200");
        Tick t;

        spec.redirects = 1;
        t = check_within(f, &spec, TIMEOUT);
        assert_int_equal(t.outcome, TICK_DOWN);
        assert_int_equal(t.error, TICK_ERROR_REDIRECT);
        spec.redirects = 0; /* the redirect is the answer */
        t = check_within(f, &spec, TIMEOUT);
        assert_int_equal(t.outcome, TICK_UP);
        assert_int_equal(t.status, 302);
        assert_int_equal(t.flags, 0);
}

static void a_redirect_elsewhere_is_down(void **state) {
        CheckFixture *f = *state;
        Tick t = check(f, "/302?to=ftp://127.0.0.1/");

        assert_int_equal(t.outcome, TICK_DOWN);
        assert_int_equal(t.error, TICK_ERROR_REDIRECT);
}

static void a_long_body_is_cut_off(void **state) {
        CheckFixture *f = *state;
        CheckerOptions o = {
                .connect = { .guard = f->guard }, .concurrency = 1, .queue_max = 1, .body_max = 4
        };
        Tick t;

        checker_free(f->checker);
        assert_int_equal(checker_new(&f->checker, &f->loop, &o), 0);
        t = check(f, "/200");
        assert_int_equal(t.outcome, TICK_UP);
        assert_int_equal(t.flags, TICK_TRUNCATED);
        assert_int_equal(t.body_length, 4);
}

static void a_closed_port_is_refused(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->closed_port, "/");
        Tick t = check_within(f, &spec, TIMEOUT);

        assert_int_equal(t.outcome, TICK_DOWN);
        assert_int_equal(t.error, TICK_ERROR_REFUSED);
        assert_int_equal(t.status, 0);
        assert_memory_equal(t.body_hash, zeros, 8);
}

static void silence_is_a_timeout_of_its_phase(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/silent");
        Tick t = check_within(f, &spec, 100 * USEC_PER_MSEC);

        assert_int_equal(t.outcome, TICK_DOWN);
        assert_int_equal(t.error, TICK_ERROR_TIMEOUT_WAIT);
        assert_in_range(tick_total(&t), 50 * USEC_PER_MSEC, 1100 * USEC_PER_MSEC);
}

static void a_machine_that_stood_still_abstains(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/silent");
        Check *c;

        assert_int_equal(check_fixture_ask(f, &spec, 100 * USEC_PER_MSEC, &c), 0);
        check_fixture_await(f, &f->served, 1);
        poll(NULL, 0, 1200); /* as a loop does that is kept from turning */
        check_fixture_await(f, &f->done, 1);
        assert_int_equal(f->result.seen.outcome, TICK_ABSTAIN);
        assert_int_equal(f->result.seen.error, TICK_ERROR_INTERNAL);
}

static void what_the_owner_forbids_abstains_unseen(void **state) {
        CheckFixture *f = *state;
        Tick t;

        check_fixture_stop(f);
        check_fixture_start(f, NULL, 2);
        t = check(f, "/200");
        assert_int_equal(t.outcome, TICK_ABSTAIN);
        assert_int_equal(t.error, TICK_ERROR_GUARD);
        assert_int_equal(t.status, 0);
        assert_int_equal(f->served, 0);
}

static void a_redirect_does_not_pass_the_guard(void **state) {
        CheckFixture *f = *state;
        char path[64];
        Tick t;

        check_fixture_stop(f);
        check_fixture_start(f, "127.0.0.1", 2);
        snprintf(path, sizeof(path), "/302?to=http://127.0.0.2:%u/200", f->port);
        t = check(f, path);
        assert_int_equal(t.outcome, TICK_ABSTAIN);
        assert_int_equal(t.error, TICK_ERROR_GUARD);
        assert_int_equal(f->served, 1);
}

static void the_orders_family_is_kept_to(void **state) {
        CheckFixture *f = *state;
        _cleanup_(spec_done) Spec spec = check_fixture_spec(f->port, "/200");
        CheckRequest request = { .spec = &spec, .family = 6, .timeout = TIMEOUT };
        Check *c;

        assert_int_equal(checker_start(f->checker, &request, check_fixture_done, f, &c), 0);
        check_fixture_await(f, &f->done, 1);
        assert_int_not_equal(f->result.seen.outcome, TICK_UP);
        assert_int_equal(f->served, 0);
}

#define HTTP_TEST(f) cmocka_unit_test_setup_teardown(f, check_fixture_setup, check_fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                HTTP_TEST(an_accepted_answer_is_up),
                HTTP_TEST(another_status_is_down),
                HTTP_TEST(the_accepted_set_is_the_orders),
                HTTP_TEST(the_request_is_the_orders),
                HTTP_TEST(what_is_asserted_of_the_answer_is_judged),
                HTTP_TEST(a_story_is_told_to_who_asks),
                HTTP_TEST(no_body_has_no_hash),
                HTTP_TEST(a_redirect_is_followed_and_told),
                HTTP_TEST(a_redirect_too_many_is_down),
                HTTP_TEST(a_redirect_elsewhere_is_down),
                HTTP_TEST(a_long_body_is_cut_off),
                HTTP_TEST(a_closed_port_is_refused),
                HTTP_TEST(silence_is_a_timeout_of_its_phase),
                HTTP_TEST(a_machine_that_stood_still_abstains),
                HTTP_TEST(what_the_owner_forbids_abstains_unseen),
                HTTP_TEST(a_redirect_does_not_pass_the_guard),
                HTTP_TEST(the_orders_family_is_kept_to),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
