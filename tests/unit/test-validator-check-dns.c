/* dns:... against a server of the test's own: code, records, and what fails. */
#include "kind-fixture.h"

#define HERE "{\"type\":\"dns\",\"url\":\"dns://127.0.0.1:PORT/"
#define ASSERTS(operator, value)                                                                   \
        ",\"assertions\":[{\"source\":\"answer\",\"operator\":\"" operator"\",\"value\":\"" value  \
                                                                          "\"}]}"

typedef struct Row {
        const char *spec;
        TickOutcome outcome;
        TickError error;
        unsigned rcode;
} Row;

static const Row rows[] = {
        { HERE "long.test\"}", TICK_UP, TICK_ERROR_NONE, 0 },
        { HERE "long.test?type=AAAA\"}", TICK_UP, TICK_ERROR_NONE, 0 },
        { HERE "mx.test?type=MX\"" ASSERTS("equals", "10 mail.mx.test"), TICK_UP, TICK_ERROR_NONE,
          0 },
        { HERE "txt.test?type=TXT\"" ASSERTS("contains", "hello world"), TICK_UP, TICK_ERROR_NONE,
          0 },
        { HERE "txt.test?type=TXT\"" ASSERTS("equals", "hello"), TICK_DOWN, TICK_ERROR_ASSERTION,
          0 },
        { HERE "loop.test\"" ASSERTS("not_equals", "127.0.0.1"), TICK_DOWN, TICK_ERROR_ASSERTION,
          0 },
        { HERE "cname.test?type=CNAME\"" ASSERTS("equals", "other.test"), TICK_UP, TICK_ERROR_NONE,
          0 },
        { HERE "cname.test\"" ASSERTS("contains", "192.0.2."), TICK_UP, TICK_ERROR_NONE, 0 },
        { HERE "cut.test\"}", TICK_UP, TICK_ERROR_NONE, 0 },
        { HERE "none.test\"}", TICK_DOWN, TICK_ERROR_STATUS, 3 },
        { HERE "none.test\",\"rcode\":\"NXDOMAIN\"}", TICK_UP, TICK_ERROR_NONE, 3 },
        { HERE "long.test\",\"rcode\":\"NXDOMAIN\"}", TICK_DOWN, TICK_ERROR_STATUS, 0 },
        { HERE "failed.test\"}", TICK_DOWN, TICK_ERROR_STATUS, 2 },
        { HERE "refused.test\",\"rcode\":\"REFUSED\"}", TICK_UP, TICK_ERROR_NONE, 5 },
        { HERE "four.test?type=AAAA\"}", TICK_DOWN, TICK_ERROR_DNS, 0 },
        { HERE "broken.test\"}", TICK_DOWN, TICK_ERROR_PROTOCOL, 0 },
        { "{\"type\":\"dns\",\"url\":\"dns://loop.test:PORT/long.test\"}", TICK_UP, TICK_ERROR_NONE,
          0 },
        { "{\"type\":\"dns\",\"url\":\"dns://none.test:PORT/long.test\"}", TICK_DOWN,
          TICK_ERROR_DNS, 0 },
        { "{\"type\":\"dns\",\"url\":\"dns:long.test?type=A\"}", TICK_UP, TICK_ERROR_NONE, 0 },
        { "{\"type\":\"dns\",\"url\":\"dns:failed.test\"}", TICK_DOWN, TICK_ERROR_STATUS, 2 },
};

static void an_answer_is_judged(void **state) {
        KindFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Tick t = kind_fixture_check(f, LONG_TIME, rows[i].spec, f->dns.port);

                assert_seen(&t, rows[i].outcome, rows[i].error);
                assert_int_equal(t.status, rows[i].rcode);
        }
}

static void who_asks_is_told_more(void **state) {
        KindFixture *f = *state;

        kind_fixture_check(f, LONG_TIME, HERE "none.test\"}", f->dns.port);
        assert_string_equal(f->story.detail, "the answer is NXDOMAIN");
        kind_fixture_check(f, LONG_TIME, HERE "four.test?type=AAAA\"}", f->dns.port);
        assert_string_equal(f->story.detail, "the answer has no such record");
        kind_fixture_check(f, LONG_TIME, HERE "txt.test?type=TXT\"" ASSERTS("equals", "hello"),
                           f->dns.port);
        assert_int_equal(f->story.n_assertions, 1);
        assert_int_equal(f->story.assertions[0].verdict, VERDICT_FAILS);
        assert_string_equal(f->story.assertions[0].seen, "hello world");
        assert_non_null(strstr(f->story.detail, "hello world"));
}

static void the_resolver_named_is_the_address(void **state) {
        static const uint8_t address[4] = { 127, 0, 0, 1 };
        KindFixture *f = *state;
        Tick t = kind_fixture_check(f, LONG_TIME, rows[0].spec, f->dns.port);

        assert_int_equal(t.family, 4);
        assert_memory_equal(t.address, address, 4);
        assert_true(t.phases.wait > 0);
        assert_int_equal(t.phases.connect + t.phases.tls + t.phases.transfer, 0);
        t = kind_fixture_check(f, LONG_TIME, "{\"type\":\"dns\",\"url\":\"dns:long.test\"}", 0);
        assert_int_equal(t.family, 0); /* the machine's own is nobody's business */
        assert_int_equal(t.phases.dns, 0);
}

static void silence_and_wrong_answers_are_late(void **state) {
        static const char *const names[] = { HERE "silent.test\"}", HERE "wrong.test\"}" };
        KindFixture *f = *state;
        uint16_t closed = 0;
        int fd;
        Tick t;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                t = kind_fixture_check(f, 100 * USEC_PER_MSEC, names[i], f->dns.port);
                assert_seen(&t, TICK_DOWN, TICK_ERROR_TIMEOUT_WAIT);
                assert_in_range(t.phases.wait, 50000, 1000000);
        }
        t = kind_fixture_check(f, 100 * USEC_PER_MSEC,
                               "{\"type\":\"dns\",\"url\":\"dns://silent.test:PORT/long.test\"}",
                               f->dns.port);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TIMEOUT_DNS);
        fd = dns_socket(SOCK_STREAM, &closed); /* so that nobody has it for UDP, most likely */
        t = kind_fixture_check(f, LONG_TIME, HERE "long.test\"}", closed);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_REFUSED);
        close(fd);
}

static void a_resolver_that_is_forbidden_is_not_asked(void **state) {
        KindFixture *f = *state;
        Tick t;

        kind_fixture_allow(f, NULL, NULL);
        t = kind_fixture_check(f, LONG_TIME, HERE "long.test\"}", f->dns.port);
        assert_seen(&t, TICK_ABSTAIN, TICK_ERROR_GUARD);
        assert_int_equal(f->dns.asked, 0);
        t = kind_fixture_check(f, LONG_TIME, "{\"type\":\"dns\",\"url\":\"dns:long.test\"}", 0);
        assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
}

static void it_is_cancelled_at_any_time(void **state) {
        static const char *const names[] = { "long.test", "silent.test" };
        KindFixture *f = *state;
        char json[128];

        for (int turns = 0; turns < 12; turns++) {
                Check *c;

                snprintf(json, sizeof(json), "{\"type\":\"dns\",\"url\":\"dns://loop.test:%u/%s\"}",
                         f->dns.port, names[turns % 2]);
                c = kind_fixture_begin(f, json, LONG_TIME);
                for (int i = 0; i < turns / 4; i++)
                        uv_run(&f->loop, UV_RUN_NOWAIT);
                if (f->done == 0)
                        check_cancel(c);
                uv_run(&f->loop, UV_RUN_NOWAIT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                KIND_TEST(an_answer_is_judged),
                KIND_TEST(who_asks_is_told_more),
                KIND_TEST(the_resolver_named_is_the_address),
                KIND_TEST(silence_and_wrong_answers_are_late),
                KIND_TEST(a_resolver_that_is_forbidden_is_not_asked),
                KIND_TEST(it_is_cancelled_at_any_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
