/* A checker on a loop with a DNS server of its own for every name, and one check at a time. */
#pragma once

#include "dns-server.h"
#include "loop-turn.h"
#include "validator/check.h"

#define LONG_TIME (20 * USEC_PER_SEC)

typedef struct KindFixture {
        uv_loop_t loop;
        DnsServer dns;
        Guard *guard;
        Checker *checker;
        unsigned done;
        CheckResult result;
        CheckStory story;
} KindFixture;

static inline void kind_fixture_allow(KindFixture *f, const char *allow, const char *ca_file) {
        CheckerOptions o = {
                .concurrency = 4,
                .queue_max = 4,
                .body_max = 1000,
                .resolvers = f->dns.address,
                .ca_file = ca_file,
        };

        f->checker = checker_free(f->checker);
        f->guard = guard_free(f->guard);
        assert_int_equal(guard_new(&f->guard, allow, NULL, NULL), 0);
        o.connect.guard = f->guard;
        assert_int_equal(checker_new(&f->checker, &f->loop, &o), 0);
}

static inline int kind_fixture_setup(void **state) {
        KindFixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        assert_int_equal(uv_loop_init(&f->loop), 0);
        dns_server_start(&f->dns, &f->loop);
        kind_fixture_allow(f, "127.0.0.0/8", NULL);
        *state = f;
        return 0;
}

static inline int kind_fixture_teardown(void **state) {
        KindFixture *f = *state;

        checker_free(f->checker);
        guard_free(f->guard);
        dns_server_stop(&f->dns);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        free(f);
        return 0;
}

static inline void kind_fixture_done(const CheckResult *result, void *userdata) {
        KindFixture *f = userdata;

        f->result = *result;
        f->done++;
}

static inline Check *kind_fixture_begin(KindFixture *f, const char *json, usec_t timeout) {
        const char *reason = NULL;
        Check *c = NULL;
        Spec spec;

        if (spec_parse(json, strlen(json), &spec, &reason) < 0)
                fail_msg("%s: %s", json, reason ? reason : "malformed");
        f->done = 0;
        f->story = (CheckStory){};
        assert_int_equal(checker_start(f->checker,
                                       &(CheckRequest){ .spec = &spec,
                                                        .timeout = timeout,
                                                        .story = &f->story },
                                       kind_fixture_done, f, &c),
                         0);
        spec_done(&spec);
        return c;
}

/* A specification as it travels, but for PORT. */
static inline Tick kind_fixture_check(KindFixture *f, usec_t timeout, const char *text,
                                      unsigned port) {
        const char *at = strstr(text, "PORT");
        size_t n = at ? (size_t)(at - text) : strlen(text);
        uint8_t bytes[TICK_SIZE_MAX];
        char json[1024], number[16] = "";

        if (at)
                snprintf(number, sizeof(number), "%u", port);
        snprintf(json, sizeof(json), "%.*s%s%s", (int)n, text, number, at ? at + 4 : "");
        kind_fixture_begin(f, json, timeout);
        TURN_UNTIL(f, f->done == 1);
        assert_in_range(tick_encode(&f->result.seen, bytes), TICK_SIZE_MIN, TICK_SIZE_MAX);
        return f->result.seen;
}

static inline void assert_seen(const Tick *t, TickOutcome outcome, TickError error) {
        assert_string_equal(tick_error_name(t->error), tick_error_name(error));
        assert_int_equal(t->outcome, outcome);
}

#define KIND_TEST(f) cmocka_unit_test_setup_teardown(f, kind_fixture_setup, kind_fixture_teardown)
