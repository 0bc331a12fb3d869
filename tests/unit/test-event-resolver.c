/* Names against a DNS server of the test's own, and against /etc/hosts. */
#include <errno.h>
#include <sys/stat.h>

#include "dns-server.h"
#include "event/resolver.h"
#include "loop-turn.h"

#define LONG_TIME (20 * USEC_PER_SEC)

typedef struct Fixture {
        uv_loop_t loop;
        DnsServer dns;
        Resolver *resolver;
        unsigned done, answered;
        ResolverResult result;
        ResolverOutcome outcome;
        uint8_t bytes[1024];
        size_t n;
} Fixture;

static void on_done(const ResolverResult *result, void *userdata) {
        Fixture *f = userdata;

        f->result = *result;
        f->done++;
}

static void on_answered(const ResolverAnswer *a, void *userdata) {
        Fixture *f = userdata;

        f->outcome = a->outcome;
        f->n = a->n;
        assert_true(a->n <= sizeof(f->bytes));
        if (a->n > 0)
                memcpy(f->bytes, a->bytes, a->n);
        f->answered++;
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        assert_int_equal(uv_loop_init(&f->loop), 0);
        dns_server_start(&f->dns, &f->loop);
        assert_int_equal(resolver_new(&f->resolver, &f->loop,
                                      &(ResolverOptions){ .servers = f->dns.address }),
                         0);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        resolver_free(f->resolver);
        dns_server_stop(&f->dns);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        free(f);
        return 0;
}

static ResolverLookup *begin(Fixture *f, const char *name, int family, usec_t timeout) {
        ResolverLookup *l = NULL;
        unsigned before = f->done;

        assert_int_equal(resolver_lookup(f->resolver, &(ResolverName){ name, family, timeout },
                                         on_done, f, &l),
                         0);
        assert_int_equal(f->done, before);
        return l;
}

static ResolverResult look(Fixture *f, const char *name, int family) {
        f->done = 0;
        begin(f, name, family, LONG_TIME);
        TURN_UNTIL(f, f->done == 1);
        return f->result;
}

static const char *first(const ResolverResult *r) {
        static char text[NET_ADDRESS_TEXT_SIZE];

        assert_int_equal(r->outcome, RESOLVER_FOUND);
        assert_true(r->n > 0);
        return net_address_text(&r->addresses[0], text);
}

static void a_name_has_addresses_of_a_family(void **state) {
        Fixture *f = *state;
        usec_t before = now_boottime();
        ResolverResult r = look(f, "long.test", AF_INET);

        assert_string_equal(first(&r), "192.0.2.1");
        assert_int_equal(r.n, 1);
        assert_in_range(r.at, before, now_boottime());
        r = look(f, "long.test", AF_INET6);
        assert_string_equal(first(&r), "2001:db8::2");
        r = look(f, "long.test", AF_UNSPEC);
        assert_int_equal(r.n, 2);
        r = look(f, "four.test", AF_INET6);
        assert_int_equal(r.outcome, RESOLVER_NONE);
        assert_int_equal(r.n, 0);
}

static void an_answer_is_kept_for_its_time(void **state) {
        Fixture *f = *state;
        ResolverResult r = look(f, "short.test", AF_INET);
        usec_t known = r.at;

        assert_string_equal(first(&r), "192.0.2.1");
        r = look(f, "SHORT.test", AF_INET);
        assert_string_equal(first(&r), "192.0.2.1");
        assert_int_equal(f->dns.asked, 1);
        assert_int_equal(resolver_counters(f->resolver).cached, 1);
        TURN_UNTIL(f, now_boottime() > known + USEC_PER_SEC);
        r = look(f, "short.test", AF_INET);
        assert_string_equal(first(&r), "192.0.2.2");
}

static void without_a_time_it_is_asked_again(void **state) {
        Fixture *f = *state;
        ResolverResult r = look(f, "rebind.test", AF_INET);

        assert_string_equal(first(&r), "192.0.2.1");
        r = look(f, "rebind.test", AF_INET);
        assert_string_equal(first(&r), "127.0.0.1");
}

static void an_alias_is_followed_and_its_time_counts(void **state) {
        Fixture *f = *state;
        ResolverResult r = look(f, "cname.test", AF_INET);
        usec_t known = r.at;

        assert_string_equal(first(&r), "192.0.2.1");
        TURN_UNTIL(f, now_boottime() > known + USEC_PER_SEC);
        r = look(f, "cname.test", AF_INET);
        assert_string_equal(first(&r), "192.0.2.2");
}

static void nobody_is_known_for_a_moment(void **state) {
        Fixture *f = *state;
        ResolverResult r = look(f, "none.test", AF_INET);
        usec_t known = r.at;

        assert_int_equal(r.outcome, RESOLVER_NONE);
        assert_int_equal(look(f, "none.test", AF_INET).outcome, RESOLVER_NONE);
        assert_int_equal(f->dns.asked, 1);
        TURN_UNTIL(f, now_boottime() > known + RESOLVER_TTL_NONE);
        assert_int_equal(look(f, "none.test", AF_INET).outcome, RESOLVER_NONE);
        assert_int_equal(f->dns.asked, 2);
}

static void a_failure_is_one_and_not_kept(void **state) {
        static const char *const names[] = { "failed.test", "refused.test", "broken.test" };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                ResolverResult r = look(f, names[i], AF_INET);
                unsigned asked = f->dns.asked;

                assert_true(r.outcome == RESOLVER_FAILED || r.outcome == RESOLVER_REFUSED);
                look(f, names[i], AF_INET);
                assert_true(f->dns.asked > asked);
        }
}

static void silence_ends_when_the_time_is_up(void **state) {
        static const char *const names[] = { "silent.test", "wrong.test" };
        Fixture *f = *state;
        usec_t before;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                f->done = 0;
                before = now_boottime();
                begin(f, names[i], AF_INET, 50 * USEC_PER_MSEC);
                TURN_UNTIL(f, f->done == 1);
                assert_int_equal(f->result.outcome, RESOLVER_TIMEOUT);
                assert_in_range(f->result.at - before, 40 * USEC_PER_MSEC, USEC_PER_SEC);
        }
}

static void an_answer_cut_off_comes_by_tcp(void **state) {
        Fixture *f = *state;
        ResolverResult r = look(f, "cut.test", AF_INET);

        assert_string_equal(first(&r), "192.0.2.2");
        assert_int_equal(f->dns.by_tcp, 1);
}

static void many_who_ask_are_one_question(void **state) {
        Fixture *f = *state;
        ResolverLookup *l[10];

        for (size_t i = 0; i < ELEMENTSOF(l); i++)
                l[i] = begin(f, "now.test", AF_INET, LONG_TIME);
        for (size_t i = 0; i < 3; i++)
                resolver_lookup_cancel(l[i]);
        TURN_UNTIL(f, f->done == 7);
        assert_int_equal(f->dns.asked, 1);
        assert_int_equal(resolver_counters(f->resolver).asked, 1);
}

static void an_address_is_its_own(void **state) {
        Fixture *f = *state;
        ResolverResult r = look(f, "203.0.113.9", AF_UNSPEC);

        assert_string_equal(first(&r), "203.0.113.9");
        r = look(f, "::1", AF_INET6);
        assert_string_equal(first(&r), "::1");
        assert_int_equal(look(f, "::1", AF_INET).outcome, RESOLVER_NONE);
        r = look(f, "localhost", AF_INET); /* of /etc/hosts */
        assert_string_equal(first(&r), "127.0.0.1");
        assert_int_equal(f->dns.asked, 0);
}

static void no_search_list_is_appended(void **state) {
        char path[] = "/tmp/dpin-test-resolv-XXXXXX";
        Fixture *f = *state;
        Resolver *own = f->resolver;
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(dprintf(fd, "search long.test\nnameserver 127.0.0.1\n") > 0, 1);
        assert_int_equal(resolver_new(&f->resolver, &f->loop,
                                      &(ResolverOptions){ .servers = f->dns.address,
                                                          .resolv_conf = path }),
                         0);
        assert_int_equal(look(f, "none", AF_INET).outcome, RESOLVER_NONE);
        assert_int_equal(f->dns.asked, 1);
        resolver_free(f->resolver);
        f->resolver = own;
        unlink(path);
        close(fd);
}

static void bounds_are_kept(void **state) {
        char name[300], label[32];
        Fixture *f = *state;
        ResolverLookup *l;

        memset(name, 'a', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_int_equal(resolver_lookup(f->resolver, &(ResolverName){ name, AF_INET, 1 }, on_done,
                                         f, &l),
                         -EINVAL);
        assert_int_equal(look(f, "..", AF_INET).outcome, RESOLVER_NONE);
        for (unsigned i = 0; i < RESOLVER_PENDING_MAX; i++) {
                snprintf(label, sizeof(label), "silent.n%u.test", i);
                begin(f, label, AF_INET, LONG_TIME);
        }
        assert_int_equal(resolver_lookup(f->resolver,
                                         &(ResolverName){ "one.test", AF_INET, LONG_TIME }, on_done,
                                         f, &l),
                         -ENOBUFS);
        assert_int_equal(resolver_counters(f->resolver).refused, 1);
}

static void other_servers_are_heard_of(void **state) {
        char path[] = "/tmp/dpin-test-resolv-XXXXXX";
        struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
        Fixture *f = *state;
        Resolver *own = f->resolver;
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(resolver_new(&f->resolver, &f->loop,
                                      &(ResolverOptions){ .servers = f->dns.address,
                                                          .resolv_conf = path }),
                         0);
        begin(f, "silent.test", AF_INET, 200 * USEC_PER_MSEC);
        assert_int_equal(resolver_counters(f->resolver).reopened, 0);
        assert_int_equal(futimens(fd, times), 0);
        look(f, "now.test", AF_INET);
        assert_int_equal(f->result.outcome, RESOLVER_FOUND);
        TURN_UNTIL(f, f->done == 2); /* the first one goes on with its servers */
        assert_int_equal(f->result.outcome, RESOLVER_TIMEOUT);
        look(f, "now.test", AF_INET);
        assert_int_equal(resolver_counters(f->resolver).reopened, 1);
        resolver_free(f->resolver);
        f->resolver = own;
        unlink(path);
        close(fd);
}

/* Questions of any type ------------------------------------------------------------------------ */

static void ask(Fixture *f, const char *name, uint16_t type, usec_t timeout) {
        ResolverQuery *q;
        NetAddress server;

        f->answered = 0;
        assert_true(net_address_parse("127.0.0.1", f->dns.port, &server));
        assert_int_equal(resolver_ask(f->resolver,
                                      &(ResolverQuestion){ .name = name,
                                                           .type = type,
                                                           .server = &server,
                                                           .timeout = timeout },
                                      on_answered, f, &q),
                         0);
        assert_int_equal(f->answered, 0);
        TURN_UNTIL(f, f->answered == 1);
}

static void a_question_has_the_answer_as_it_is(void **state) {
        static const struct {
                const char *name;
                unsigned rcode, records;
        } rows[] = { { "mx.test", 0, 1 },      { "none.test", 3, 0 }, { "failed.test", 2, 0 },
                     { "refused.test", 5, 0 }, { "four.test", 0, 0 }, { "localhost", 0, 0 } };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ask(f, rows[i].name, 15, LONG_TIME);
                assert_int_equal(f->outcome, RESOLVER_FOUND);
                assert_true(f->n > 12);
                assert_int_equal(f->bytes[3] & 15, rows[i].rcode);
                assert_int_equal(f->bytes[7], rows[i].records);
                assert_int_equal(f->dns.asked, i + 1); /* nothing is kept or asked twice */
        }
        ask(f, "broken.test", 15, LONG_TIME); /* newer libraries look into it */
        assert_true(f->outcome == RESOLVER_FAILED ||
                    (f->outcome == RESOLVER_FOUND && f->bytes[7] == 3));
        ask(f, "cut.test", 1, LONG_TIME);
        assert_int_equal(f->dns.by_tcp, 1);
        assert_int_equal(f->bytes[7], 1);
}

static void a_question_may_have_none(void **state) {
        ResolverQuestion question = { .name = "silent.test", .type = 1, .timeout = LONG_TIME };
        Fixture *f = *state;
        ResolverQuery *q;

        usec_t before = now_boottime();

        ask(f, "silent.test", 1, 50 * USEC_PER_MSEC);
        assert_int_equal(f->outcome, RESOLVER_TIMEOUT);
        assert_in_range(now_boottime() - before, 40 * USEC_PER_MSEC, USEC_PER_SEC);
        ask(f, "wrong.test", 1, 50 * USEC_PER_MSEC);
        assert_int_equal(f->outcome, RESOLVER_TIMEOUT);
        assert_int_equal(resolver_ask(f->resolver, &question, on_answered, f, &q), 0);
        resolver_query_cancel(q);
        assert_int_equal(resolver_ask(f->resolver, &question, on_answered, f, &q), 0);
        question.name = "a..b";
        assert_int_equal(resolver_ask(f->resolver, &question, on_answered, f, &q), -EINVAL);
        f->dns.port = 1;
        ask(f, "silent.test", 1, LONG_TIME);
        assert_int_equal(f->outcome, RESOLVER_REFUSED);
}

#define RESOLVER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                RESOLVER_TEST(a_name_has_addresses_of_a_family),
                RESOLVER_TEST(an_answer_is_kept_for_its_time),
                RESOLVER_TEST(without_a_time_it_is_asked_again),
                RESOLVER_TEST(an_alias_is_followed_and_its_time_counts),
                RESOLVER_TEST(nobody_is_known_for_a_moment),
                RESOLVER_TEST(a_failure_is_one_and_not_kept),
                RESOLVER_TEST(silence_ends_when_the_time_is_up),
                RESOLVER_TEST(an_answer_cut_off_comes_by_tcp),
                RESOLVER_TEST(many_who_ask_are_one_question),
                RESOLVER_TEST(an_address_is_its_own),
                RESOLVER_TEST(no_search_list_is_appended),
                RESOLVER_TEST(bounds_are_kept),
                RESOLVER_TEST(other_servers_are_heard_of),
                RESOLVER_TEST(a_question_has_the_answer_as_it_is),
                RESOLVER_TEST(a_question_may_have_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
