/* Requests to names, which a resolver of ours looks up at a server of the test's own. */
#include <dirent.h>
#include <malloc.h>

#include "dns-server.h"
#include "event/http.h"
#include "event/httpd.h"
#include "loop-turn.h"
#include "tls-server.h"

#define LONG_TIME (20 * USEC_PER_SEC)

typedef struct Fixture {
        uv_loop_t loop;
        DnsServer dns;
        Resolver *resolver;
        Httpd *httpd;
        HttpClient *client;
        uint16_t port;
        char host[128];   /* header of the last request */
        char refused[64]; /* by the guard: "127.0.0.1" */
        unsigned guarded, done;
        bool frees;       /* the client, in the callback */
        unsigned threads; /* most that there were */
        HttpResult result;
} Fixture;

static void on_request(HttpdRequest *r, void *userdata) {
        Fixture *f = userdata;
        const char *to = httpd_query(r, "to"), *host = httpd_header(r, "Host");
        char line[300];
        const char *const headers[] = { line, NULL };

        snprintf(f->host, sizeof(f->host), "%s", host ? host : "");
        snprintf(line, sizeof(line), to ? "Location: %s" : "X-Nothing: 0%s", to ? to : "");
        assert_int_equal(httpd_reply(r,
                                     &(HttpdReply){ .status = to ? 302 : 200, .headers = headers }),
                         0);
}

static void on_finished(HttpdRequest *r _unused_, void *userdata _unused_) {
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));
        int fd;

        assert_non_null(f);
        assert_int_equal(uv_loop_init(&f->loop), 0);
        dns_server_start(&f->dns, &f->loop);
        assert_int_equal(resolver_new(&f->resolver, &f->loop,
                                      &(ResolverOptions){ .servers = f->dns.address }),
                         0);
        fd = dns_socket(SOCK_STREAM, &f->port);
        assert_int_equal(listen(fd, 16), 0);
        assert_int_equal(httpd_new(&f->httpd, &f->loop, &(HttpdOptions){ .fd = fd },
                                   &(HttpdOps){ .request = on_request, .finished = on_finished },
                                   f),
                         0);
        assert_int_equal(http_client_new(&f->client, &f->loop), 0);
        http_client_set_resolver(f->client, f->resolver);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        http_client_free(f->client);
        httpd_free(f->httpd);
        resolver_free(f->resolver);
        dns_server_stop(&f->dns);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        free(f);
        return 0;
}

static unsigned count_threads(void) {
        DIR *d = opendir("/proc/self/task");
        unsigned n = 0;

        assert_non_null(d);
        for (struct dirent *e = readdir(d); e; e = readdir(d))
                n += e->d_name[0] != '.';
        closedir(d);
        return n;
}

static bool guard(const struct sockaddr *address, socklen_t n _unused_, void *userdata) {
        char text[NET_ADDRESS_TEXT_SIZE];
        Fixture *f = userdata;
        NetAddress a;

        assert_true(net_address_copy(address, &a));
        f->guarded++;
        net_address_text(&a, text); /* nothing leaves this machine */
        return strncmp(text, "127.", 4) == 0 && strcmp(text, f->refused) != 0;
}

static void on_done(const HttpResult *result, void *userdata) {
        Fixture *f = userdata;

        f->result = *result;
        f->result.detail = NULL;
        f->done++;
        if (f->frees)
                f->client = http_client_free(f->client);
}

static HttpCall *begin(Fixture *f, const char *url, const char *ca_file, usec_t timeout) {
        HttpCall *call;

        f->done = 0;
        assert_int_equal(http_start(f->client,
                                    &(HttpRequest){ .url = url,
                                                    .timeout = timeout,
                                                    .redirects_max = 3,
                                                    .body_max = 100,
                                                    .ca_file = ca_file,
                                                    .guard = guard,
                                                    .guard_userdata = f },
                                    on_done, f, &call),
                         0);
        assert_int_equal(f->done, 0);
        return call;
}

static const char *fetch_within(Fixture *f, const char *url, const char *ca_file, usec_t timeout) {
        begin(f, url, ca_file, timeout);
        f->threads = 0;
        TURN_UNTIL(f, (f->threads = MAX(f->threads, count_threads()), f->done == 1));
        return http_error_name(f->result.error);
}

/* "http://HOST:PORT/" */
static const char *fetch(Fixture *f, const char *host) {
        char url[256];

        snprintf(url, sizeof(url), "http://%s:%u/", host, f->port);
        return fetch_within(f, url, NULL, LONG_TIME);
}

static void a_name_is_looked_up_and_is_the_host(void **state) {
        char host[64], text[NET_ADDRESS_TEXT_SIZE];
        Fixture *f = *state;
        NetAddress a;

        assert_string_equal(fetch(f, "loop.test"), "ok");
        snprintf(host, sizeof(host), "loop.test:%u", f->port);
        assert_string_equal(f->host, host);
        assert_true(net_address_copy((struct sockaddr *)&f->result.address, &a));
        assert_string_equal(net_address_text(&a, text), "127.0.0.1");
        assert_true(f->result.phase[HTTP_PHASE_DNS] > 0);
        assert_int_equal(f->dns.asked, 2); /* of both families */
        assert_string_equal(fetch(f, "loop.test"), "ok");
        assert_int_equal(f->dns.asked, 2);
        assert_int_equal(resolver_counters(f->resolver).cached, 1);
        assert_string_equal(fetch(f, "127.0.0.1"), "ok");
        assert_int_equal(resolver_counters(f->resolver).asked, 1);
}

static void no_spelling_starts_a_thread(void **state) {
        static const char *const hosts[] = { "LOOP.test", "loop.test.",  "loop%2Etest",
                                             "loop.Test", "127.0.0.1",   "localhost",
                                             "none.test", "failed.test", "none." };
        Fixture *f = *state;
        unsigned before = count_threads();

        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                assert_string_equal(fetch(f, hosts[i]), i < 6 ? "ok" : "dns");
                assert_int_equal(f->threads, before);
        }
        begin(f, "http://silent.test/", NULL, LONG_TIME);
        loop_turn(&f->loop, -1);
        assert_int_equal(count_threads(), before);
}

static void what_is_not_found_has_its_class(void **state) {
        Fixture *f = *state;

        assert_string_equal(fetch(f, "none.test"), "dns");
        assert_string_equal(fetch(f, "refused.test"), "dns");
        assert_int_equal(f->result.phase[HTTP_PHASE_CONNECT], 0);
        assert_string_equal(fetch_within(f, "http://silent.test/", NULL, 50 * USEC_PER_MSEC),
                            "timeout_dns");
        assert_in_range(f->result.phase[HTTP_PHASE_DNS], 30 * USEC_PER_MSEC, USEC_PER_SEC);
        assert_int_equal(f->guarded, 0);
}

static void every_address_is_tried_and_guarded(void **state) {
        Fixture *f = *state;

        assert_string_equal(fetch(f, "both.test"), "ok");
        snprintf(f->refused, sizeof(f->refused), "127.0.0.2");
        assert_string_equal(fetch(f, "both.test"), "ok");
        snprintf(f->refused, sizeof(f->refused), "127.0.0.1");
        assert_string_equal(fetch(f, "loop.test"), "blocked");
        assert_string_equal(fetch(f, "loop.test"), "blocked"); /* from memory */
        f->refused[0] = '\0';
        assert_string_equal(fetch(f, "loop.test"), "ok");
}

static void a_redirect_is_looked_up_too(void **state) {
        char url[256];
        Fixture *f = *state;
        unsigned before = count_threads();

        snprintf(url, sizeof(url), "http://loop.test:%u/?to=http%%3A%%2F%%2Fboth.test%%3A%u%%2F",
                 f->port, f->port);
        assert_string_equal(fetch_within(f, url, NULL, LONG_TIME), "ok");
        assert_memory_equal(f->host, "both.test:", 10);
        assert_int_equal(f->threads, before);
        assert_true(f->result.redirected);
        snprintf(url, sizeof(url), "http://loop.test:%u/?to=http%%3A%%2F%%2Fnone.test%%2F",
                 f->port);
        assert_string_equal(fetch_within(f, url, NULL, LONG_TIME), "dns");
        snprintf(url, sizeof(url), "http://loop.test:%u/?to=http%%3A%%2F%%2F127.0.0.1%%3A%u%%2F",
                 f->port, f->port);
        assert_string_equal(fetch_within(f, url, NULL, LONG_TIME), "ok");
        assert_memory_equal(f->host, "127.0.0.1:", 10);
}

/* First it is elsewhere, then here. */
static void a_name_that_moves_does_not_pass_the_guard(void **state) {
        Fixture *f = *state;

        snprintf(f->refused, sizeof(f->refused), "127.0.0.1");
        assert_string_equal(fetch(f, "rebind.test"), "blocked");
        assert_string_equal(fetch(f, "rebind.test"), "blocked");
        assert_true(f->guarded >= 2 && f->dns.asked == 4);
        assert_int_equal(f->host[0], '\0');
        f->refused[0] = '\0';
        assert_string_equal(fetch(f, "rebind.test"), "ok");
}

static void a_certificate_is_for_the_name(void **state) {
        TlsServer server;
        char url[256];
        Fixture *f = *state;

        tls_server_prepare(&server);
        tls_server_start(&server, "DNS:loop.test", 10);
        snprintf(url, sizeof(url), "https://loop.test:%u/", server.port);
        assert_string_equal(fetch_within(f, url, server.ca_file, LONG_TIME), "ok");
        snprintf(url, sizeof(url), "https://both.test:%u/", server.port);
        assert_string_equal(fetch_within(f, url, server.ca_file, LONG_TIME), "tls_name");
        tls_server_stop(&server);
        tls_server_remove(&server);
}

static void it_ends_at_any_time(void **state) {
        static const char *const hosts[] = { "loop.test", "silent.test", "none.test" };
        Fixture *f = *state;
        char url[256];

        for (int turns = 0; turns < 12; turns++) {
                HttpCall *call;

                snprintf(url, sizeof(url), "http://%s:%u/", hosts[turns % 3], f->port);
                call = begin(f, url, NULL, LONG_TIME);
                for (int i = 0; i < turns / 3 && f->done == 0; i++)
                        uv_run(&f->loop, UV_RUN_NOWAIT);
                if (f->done == 0)
                        http_call_cancel(call);
                assert_int_equal(http_client_active(f->client), 0);
        }
        f->frees = true;
        begin(f, "http://silent.test/", NULL, LONG_TIME);
        begin(f, "http://none.test/", NULL, LONG_TIME);
        TURN_UNTIL(f, f->done == 1);
        assert_null(f->client);
}

/* Neither what was looked up nor what it was kept in; a sanitizer, which has an allocator of its
 * own, tells at the end. */
static void nothing_is_kept_of_a_name(void **state) {
        enum {
                CALLS = 200
        };
        Fixture *f = *state;
        size_t before = 0, after;

        for (int i = 0; i < 2 * CALLS; i++) {
                if (i == CALLS)
                        before = mallinfo2().uordblks;
                assert_string_equal(fetch(f, i % 2 ? "loop.test" : "both.test"), "ok");
        }
        after = mallinfo2().uordblks;
        if (after > before + CALLS * 64)
                fail_msg("%zu bytes a call", (after - before) / CALLS);
}

#define RESOLVE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                RESOLVE_TEST(a_name_is_looked_up_and_is_the_host),
                RESOLVE_TEST(no_spelling_starts_a_thread),
                RESOLVE_TEST(what_is_not_found_has_its_class),
                RESOLVE_TEST(every_address_is_tried_and_guarded),
                RESOLVE_TEST(a_redirect_is_looked_up_too),
                RESOLVE_TEST(a_name_that_moves_does_not_pass_the_guard),
                RESOLVE_TEST(a_certificate_is_for_the_name),
                RESOLVE_TEST(it_ends_at_any_time),
                RESOLVE_TEST(nothing_is_kept_of_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
