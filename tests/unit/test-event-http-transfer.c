/* What a transfer leaves to the next one: nothing. Calls of a client that come one after the other
 * have the same handle of the library. */
#include "http-fixture.h"

#define PORT_OF_NOBODY 1

typedef struct Ask {
        const char *scheme, *path;
        HttpRequest request;
        HttpError error;
        const char *last; /* what the server got; NULL: nothing */
        const char *headers;
} Ask;

static const char *const secrets[] = { "Authorization: Basic eDp5", "X-Key: k",
                                       "Accept: text/plain", NULL };

#define LIMITS .timeout = 20 * USEC_PER_SEC, .redirects_max = 3, .body_max = 1000, .keep_max = 100
#define BRIEF  .timeout = 50 * USEC_PER_MSEC /* which phase that ends is the machine's to say */
#define SECRET .headers = secrets
#define TOLD   "Basic eDp5;k;text/plain;-;"

static const Ask asks[] = {
        { "http", "plain", { LIMITS }, HTTP_OK, "GET /plain ", "-;-;*/*;-;" },
        { "http", "key", { LIMITS, SECRET }, HTTP_OK, "GET /key ", TOLD },
        { "http",
          "post",
          { LIMITS, SECRET, .method = "POST", .body = "abc", .body_n = 3 },
          HTTP_OK,
          "POST /post abc",
          TOLD },
        { "http", "head", { LIMITS, SECRET, .method = "HEAD" }, HTTP_OK, "HEAD /head ", TOLD },
        { "http", "301?to=/to", { LIMITS, SECRET }, HTTP_OK, "GET /to ", TOLD },
        { "http", "silent", { BRIEF, SECRET }, HTTP_TIMEOUT_WAIT, NULL, NULL },
        { "http", "two", { LIMITS, .version = HTTP_VERSION_2 }, HTTP_RESET, NULL, NULL },
        { "http", "connect", { LIMITS, .connect_only = true }, HTTP_OK, NULL, NULL },
        { "https", "tls", { BRIEF, .tls_min = HTTP_TLS_1_3 }, HTTP_TIMEOUT_TLS, NULL, NULL },
        { "http", "blocked", { LIMITS, SECRET, .guard = guard }, HTTP_BLOCKED, NULL, NULL },
        { "http", "refused", { LIMITS, SECRET }, HTTP_REFUSED, NULL, NULL },
        { "http", "6", { LIMITS, .family = AF_INET6 }, HTTP_UNREACHABLE, NULL, NULL },
};

static void assert_nothing_but_its_own(Fixture *f, const Ask *a, uint16_t port) {
        bool answered = f->result.status > 0, late = a->request.timeout < USEC_PER_SEC;
        bool nowhere = a->error == HTTP_BLOCKED || a->error == HTTP_UNREACHABLE;

        if (late) {
                assert_memory_equal(http_error_name(f->result.error), "timeout_", 8);
        } else {
                assert_error(f, a->error);
                assert_string_equal(f->last, a->last ? a->last : "");
                assert_string_equal(f->headers, a->headers ? a->headers : "");
        }
        assert_int_equal(answered, a->last && a->error == HTTP_OK);
        assert_int_equal(f->result.body_n, answered && !strstr(a->last, "HEAD") ? 10 : 0);
        assert_int_equal(f->result.redirected, strstr(a->path, "301") != NULL);
        assert_false(f->result.truncated);
        assert_int_equal(f->result.certificate_expiry_days, 0);
        if (a->error == HTTP_OK)
                assert_string_equal(f->detail, "");
        if (nowhere)
                assert_int_equal(f->result.address.ss_family, AF_UNSPEC);
        else
                assert_int_equal(ntohs(((struct sockaddr_in *)&f->result.address)->sin_port), port);
}

/* mute: a port where nothing is said. */
static void ask(Fixture *f, const Ask *a, uint16_t mute) {
        HttpRequest request = a->request;
        uint16_t port = a->error == HTTP_REFUSED       ? PORT_OF_NOBODY
                        : a->error == HTTP_TIMEOUT_TLS ? mute
                                                       : f->port;

        f->last[0] = f->headers[0] = '\0';
        f->refused_port = request.guard ? f->port : 0;
        request.guard_userdata = f;
        begin(f, request, "%s://127.0.0.1:%u/%s", a->scheme, port, a->path);
        wait_done(f);
        assert_nothing_but_its_own(f, a, port);
}

static void nothing_of_a_call_is_in_the_next(void **state _unused_) {
        uint16_t mute;
        Fixture f;
        int fd = listen_on(&mute, 64);

        start(&f);
        for (size_t i = 0; i < ELEMENTSOF(asks); i++)
                for (size_t j = 0; j < ELEMENTSOF(asks); j++) {
                        ask(&f, &asks[i], mute);
                        ask(&f, &asks[j], mute);
                }
        stop(&f);
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_of_a_call_is_in_the_next),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
