/* Whether this machine's resolvers find names, how long that is believed, and that nobody waits for
 * ever. */
#include "dns-server.h"
#include "loop-turn.h"
#include "validator/ownnames.h"

typedef struct Fixture {
        uv_loop_t loop;
        DnsServer dns;
        Resolver *resolver;
        OwnNames *names;
        unsigned answers, broken;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        assert_int_equal(uv_loop_init(&f->loop), 0);
        dns_server_start(&f->dns, &f->loop);
        assert_int_equal(resolver_new(&f->resolver, &f->loop,
                                      &(ResolverOptions){ .servers = f->dns.address }),
                         0);
        assert_int_equal(own_names_new(&f->names, f->resolver), 0);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        own_names_free(f->names);
        resolver_free(f->resolver);
        if (f->dns.port > 0)
                dns_server_stop(&f->dns);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        free(f);
        return 0;
}

static void on_done(bool broken, void *userdata) {
        Fixture *f = userdata;

        f->answers++;
        f->broken += broken;
}

static int ask(Fixture *f, OwnNamesAsk **ret) {
        return own_names_ask(f->names, on_done, f, ret);
}

static void stop_server(Fixture *f) {
        dns_server_stop(&f->dns);
        f->dns.port = 0;
}

static void an_answer_holds_for_a_while(void **state) {
        Fixture *f = *state;
        OwnNamesAsk *a;
        usec_t end;

        assert_int_equal(ask(f, &a), OWN_NAMES_ASKED);
        assert_int_equal(f->answers, 0);
        TURN_UNTIL(f, f->answers == 1);
        end = now_boottime() + OWN_NAMES_GOOD_FOR;
        assert_int_equal(f->broken, 0);
        assert_int_equal(ask(f, &a), OWN_NAMES_GOOD);
        TURN_UNTIL(f, now_boottime() > end);
        assert_int_equal(ask(f, &a), OWN_NAMES_ASKED);
        TURN_UNTIL(f, f->answers == 2);
        assert_int_equal(f->dns.asked, 2);
}

static void who_fails_is_broken(void **state) {
        Fixture *f = *state;
        OwnNamesAsk *a;

        f->dns.root = DNS_ROOT_FAILS;
        assert_int_equal(ask(f, &a), OWN_NAMES_ASKED);
        TURN_UNTIL(f, f->answers == 1);
        assert_int_equal(f->broken, 1);
        assert_int_equal(ask(f, &a), OWN_NAMES_BROKEN);
}

static void who_is_silent_is_broken_soon(void **state) {
        Fixture *f = *state;
        usec_t before = now_boottime();
        OwnNamesAsk *a;

        f->dns.root = DNS_ROOT_SILENT;
        assert_int_equal(ask(f, &a), OWN_NAMES_ASKED);
        TURN_UNTIL(f, f->answers == 1);
        assert_int_equal(f->broken, 1);
        assert_in_range(now_boottime() - before, OWN_NAMES_PATIENCE, 2 * OWN_NAMES_PATIENCE);
}

static void who_does_not_listen_is_broken(void **state) {
        Fixture *f = *state;
        OwnNamesAsk *a;

        stop_server(f);
        assert_int_equal(ask(f, &a), OWN_NAMES_ASKED);
        TURN_UNTIL(f, f->answers == 1);
        assert_int_equal(f->broken, 1);
}

static void one_question_is_for_all(void **state) {
        Fixture *f = *state;
        OwnNamesAsk *a[20];

        for (unsigned i = 0; i < ELEMENTSOF(a); i++)
                assert_int_equal(ask(f, &a[i]), OWN_NAMES_ASKED);
        for (unsigned i = 0; i < ELEMENTSOF(a); i += 2)
                assert_null(own_names_cancel(a[i]));
        TURN_UNTIL(f, f->answers == ELEMENTSOF(a) / 2);
        assert_int_equal(f->dns.asked, 1);
        assert_null(own_names_cancel(NULL));
}

static void it_ends_while_somebody_waits(void **state) {
        Fixture *f = *state;
        OwnNamesAsk *a;

        assert_int_equal(ask(f, &a), OWN_NAMES_ASKED);
        f->names = own_names_free(f->names);
        loop_turn(&f->loop, 50);
        assert_int_equal(f->answers, 0);
}

#define NAMES_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                NAMES_TEST(an_answer_holds_for_a_while),  NAMES_TEST(who_fails_is_broken),
                NAMES_TEST(who_is_silent_is_broken_soon), NAMES_TEST(who_does_not_listen_is_broken),
                NAMES_TEST(one_question_is_for_all),      NAMES_TEST(it_ends_while_somebody_waits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
