/* What is a head, what is not, and that it makes no difference in how many pieces it comes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "event/httpd-head.h"

#define HOST "Host: x\r\n"
#define END  "\r\n"

/* The status of its refusal; 200: a head, of this length; 0: more is needed. */
static unsigned scan(const char *text, size_t n, size_t *ret_n) {
        const HttpdRefusal *refusal = NULL;
        HttpdHead h = { 0 };
        int r = httpd_head_scan(&h, text, n, &refusal);

        if (r == -EBADMSG) {
                assert_non_null(refusal);
                assert_true(*refusal->code && *refusal->detail);
                return refusal->status;
        }
        assert_null(refusal);
        *ret_n = (size_t)r;
        return r > 0 ? 200 : 0;
}

static unsigned scan_in_pieces(const char *text, size_t n, size_t *ret_n) {
        const HttpdRefusal *refusal = NULL;
        HttpdHead h = { 0 };

        for (size_t i = 1; i <= n; i++) {
                int r = httpd_head_scan(&h, text, i, &refusal);

                if (r != 0) {
                        *ret_n = r > 0 ? (size_t)r : 0;
                        return r > 0 ? 200 : refusal->status;
                }
        }
        return 0;
}

static void expect_n(unsigned status, const char *text, size_t n) {
        size_t whole = 0, pieces = 0;

        if (scan(text, n, &whole) != status)
                fail_msg("%u instead of %u: %.60s", scan(text, n, &whole), status, text);
        if (scan_in_pieces(text, n, &pieces) != status)
                fail_msg("%u in pieces: %.60s", scan_in_pieces(text, n, &pieces), text);
        assert_int_equal(whole, pieces);
}

static void expect(unsigned status, const char *text) {
        expect_n(status, text, strlen(text));
}

static void heads_that_are_fine(void **state _unused_) {
        static const char *const heads[] = {
                "GET / HTTP/1.1\r\n" HOST END,
                "\r\nGET / HTTP/1.1\r\n" HOST END,
                "GET / HTTP/1.0\r\n" END,
                "HEAD /a/b?c=d&e=%20|{} HTTP/1.1\r\n" HOST END,
                "BREW /healthz HTTP/1.1\r\n" HOST END,
                "OPTIONS * HTTP/1.1\r\n" HOST END,
                "GET http://example.org/a HTTP/1.1\r\nHost: Example.ORG\r\n" END,
                "GET https://[::1]:8001?a HTTP/1.1\r\nHost: [::1]:8001\r\n" END,
                "GET / HTTP/1.1\r\nhOST:x\r\nX: \r\nY:\r\nZ: a\tb \xc3\xa4 \r\n" END,
                "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\nExpect: 100-Continue\r\n" END,
                "POST / HTTP/1.1\r\n" HOST "Content-Length: 000000000000000007\r\n" END,
        };

        for (size_t i = 0; i < ELEMENTSOF(heads); i++)
                expect(200, heads[i]);
}

static void what_follows_a_head_is_not_looked_at(void **state _unused_) {
        const char *text = "GET / HTTP/1.1\r\n" HOST END "\n\0\xff";
        size_t n = 0;

        assert_int_equal(scan(text, 30, &n), 200);
        assert_int_equal(n, 27);
}

static void the_length_of_a_body_is_read(void **state _unused_) {
        const char *text = "POST / HTTP/1.1\r\n" HOST "content-length: 65537 \r\n" END;
        const HttpdRefusal *refusal;
        HttpdHead h = { 0 };

        assert_true(httpd_head_scan(&h, text, strlen(text), &refusal) > 0);
        assert_true(h.has_length);
        assert_int_equal(h.length, 65537);
}

typedef struct Row {
        unsigned status;
        const char *text;
} Row;

static void expect_rows(const Row *rows, size_t n) {
        for (size_t i = 0; i < n; i++)
                expect(rows[i].status, rows[i].text);
}

static void request_lines_that_cannot_be(void **state _unused_) {
        static const Row rows[] = {
                { 400, "\r\n\r\nGET / HTTP/1.1\r\n" },
                { 400, "NONSENSE\r\n" },
                { 400, "GET /\r\n" },
                { 400, "GET  / HTTP/1.1\r\n" },
                { 400, "GET / x HTTP/1.1\r\n" },
                { 400, "GET / HTTP/1.1 \r\n" },
                { 400, " GET / HTTP/1.1\r\n" },
                { 400, "G(T / HTTP/1.1\r\n" },
                { 400, "GETGETGETGETGETGETGETGETGETGETGETGET / HTTP/1.1\r\n" },
                { 400, "GET / http/1.1\r\n" },
                { 400, "GET / HTTP/1.11\r\n" },
                { 400, "GET / HTTP/1\r\n" },
                { 505, "GET / HTTP/1.2\r\n" },
                { 505, "GET / HTTP/2.0\r\n" },
                { 505, "GET / HTTP/0.9\r\n" },
                { 501, "CONNECT example.org:443 HTTP/1.1\r\n" },
                { 400, "GET example.org HTTP/1.1\r\n" },
                { 400, "GET ftp://example.org/ HTTP/1.1\r\n" },
                { 400, "GET http:/// HTTP/1.1\r\n" },
                { 400, "GET http://user@example.org/ HTTP/1.1\r\n" },
                { 400, "GET * HTTP/1.1\r\n" },
                { 400, "GET /a#b HTTP/1.1\r\n" },
                { 400, "GET /\xc3\xa4 HTTP/1.1\r\n" },
                { 400, "GET /a\tb HTTP/1.1\r\n" },
                { 400, "\x16\x03\x01" },
                { 505, "PRI * HTTP/2.0\r\n" },
        };

        expect_rows(rows, ELEMENTSOF(rows));
        expect_n(400, "GET /a\0b HTTP/1.1\r\n", 19);
}

static void lines_that_end_in_other_ways(void **state _unused_) {
        static const Row rows[] = {
                { 400, "GET / HTTP/1.1\n" },
                { 400, "\nGET / HTTP/1.1\r\n" },
                { 400, "GET / HTTP/1.1\r\n" HOST "\n" },
                { 400, "GET / HTTP/1.1\r\nHost: x\n\r\n" },
                { 400, "GET / HTTP/1.1\r\nHost: x\r\r\n" },
                { 400, "GET / HTTP/1.1\r\nHost: x\rX: y\r\n" },
                { 400, "GET / HTTP/1.1\rHost: x\r\n\r\n" },
        };

        expect_rows(rows, ELEMENTSOF(rows));
}

static void fields_that_cannot_be(void **state _unused_) {
        static const char *const fields[] = {
                "no colon\r\n", ": x\r\n",     "a b: c\r\n",   "Host : x\r\n", " Host: x\r\n",
                "\tx: y\r\n",   "a(b): c\r\n", "a: b\x01\r\n", "a: \x7f\r\n",  "\xc3\xa4: b\r\n",
        };
        char text[200];

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST "%s", fields[i]);
                expect(400, text);
        }
        expect(400, "GET / HTTP/1.1\r\nX: a\r\n b\r\n");
        expect_n(400, "GET / HTTP/1.1\r\nX: a\0b\r\n", 24);
}

static void hosts_and_framings_are_one(void **state _unused_) {
        static const Row rows[] = {
                { 400, "GET / HTTP/1.1\r\n" END },
                { 400, "GET / HTTP/1.1\r\nHost:\r\n" },
                { 400, "GET / HTTP/1.1\r\n" HOST HOST },
                { 400, "GET / HTTP/1.0\r\n" HOST HOST },
                { 400, "GET / HTTP/1.1\r\nHost: a b\r\n" },
                { 400, "GET / HTTP/1.1\r\nHost: a/b\r\n" },
                { 400, "GET / HTTP/1.1\r\nHost: a@b\r\n" },
                { 400, "GET http://a/ HTTP/1.1\r\nHost: b\r\n" },
                { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n" },
                { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n" },
                { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n" },
                { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n" },
                { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n" },
                { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n" },
                { 413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999999\r\n" },
                { 411, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END },
                { 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n" END },
                { 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n" END },
                { 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
                       "Transfer-Encoding: identity\r\n" END },
                { 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END },
                { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
                       "Transfer-Encoding: chunked\r\n" END },
                { 400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
                       "Content-Length: 5\r\n" END },
                { 400, "GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nauthorization: a\r\n" },
                { 417, "POST / HTTP/1.1\r\n" HOST "Expect: miracles\r\n" },
        };

        expect_rows(rows, ELEMENTSOF(rows));
}

static void sizes_are_bounded(void **state _unused_) {
        static char text[HTTPD_HEAD_MAX + 100];
        size_t n = 0;

        memset(text, 'a', sizeof(text));
        memcpy(text, "GET /", 5);
        expect_n(414, text, 9000);
        memcpy(text + 5 + HTTPD_TARGET_MAX, " HTTP/1.1\r\n", 11);
        expect_n(414, text, 5 + HTTPD_TARGET_MAX + 11);

        n = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST);
        for (unsigned i = 1; i < HTTPD_FIELDS_MAX; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "X%u: y\r\n", i);
        expect_n(0, text, n);
        n += (size_t)snprintf(text + n, sizeof(text) - n, "X: y\r\n");
        expect_n(431, text, n);

        memset(text, 'a', sizeof(text));
        memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
        expect_n(431, text, HTTPD_HEAD_MAX + 1);
        memcpy(text + HTTPD_HEAD_MAX, "\r\n", 2);
        assert_int_equal(scan(text, HTTPD_HEAD_MAX + 2, &n), 431);
}

static void half_a_head_is_waited_for(void **state _unused_) {
        static const char *const halves[] = {
                "",
                "\r",
                "\r\n",
                "G",
                "GET / HTTP/1.1",
                "GET / HTTP/1.1\r",
                "GET / HTTP/1.1\r\n",
                "GET / HTTP/1.1\r\n" HOST,
                "GET / HTTP/1.1\r\n" HOST "\r",
        };

        for (size_t i = 0; i < ELEMENTSOF(halves); i++)
                expect(0, halves[i]);
}

static void a_path_is_found_in_every_target(void **state _unused_) {
        assert_string_equal(httpd_target_path("/a?b"), "/a?b");
        assert_string_equal(httpd_target_path("*"), "*");
        assert_string_equal(httpd_target_path("http://h:1/a/b"), "/a/b");
        assert_string_equal(httpd_target_path("HTTPS://h"), "/");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(heads_that_are_fine),
                cmocka_unit_test(what_follows_a_head_is_not_looked_at),
                cmocka_unit_test(the_length_of_a_body_is_read),
                cmocka_unit_test(request_lines_that_cannot_be),
                cmocka_unit_test(lines_that_end_in_other_ways),
                cmocka_unit_test(fields_that_cannot_be),
                cmocka_unit_test(hosts_and_framings_are_one),
                cmocka_unit_test(sizes_are_bounded),
                cmocka_unit_test(half_a_head_is_waited_for),
                cmocka_unit_test(a_path_is_found_in_every_target),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
