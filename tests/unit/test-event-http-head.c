/* Which lines of what a server says are kept as its answer's header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event/http-internal.h"

static void add(HttpHead *h, const char *const *lines) {
        for (; *lines; lines++)
                assert_int_equal(http_head_add(h, *lines, strlen(*lines)), 0);
}

#define ADD(h, ...) add(h, (const char *const[]){ __VA_ARGS__, NULL })

static void assert_kept(HttpHead *h, const char *lines, size_t n) {
        assert_int_equal(h->n, n);
        if (n > 0)
                assert_memory_equal(h->lines, lines, n);
        http_head_done(h);
        assert_null(h->lines);
}

#define ASSERT_KEPT(h, lines) assert_kept(h, lines, sizeof(lines) - 1)

static void lines_are_kept_without_their_ends(void **state _unused_) {
        HttpHead h = { 0 };

        ADD(&h, "HTTP/1.1 200 OK\r\n", "Server: a\r\n", "X:1\n", "Empty:\r\n", "\r\n");
        ASSERT_KEPT(&h, "Server: a\0X:1\0Empty:\0");
}

static void only_the_last_answer_counts(void **state _unused_) {
        HttpHead h = { 0 };

        ADD(&h, "HTTP/1.1 103 Early Hints\r\n", "Link: </a>\r\n", "\r\n", "HTTP/2 200\r\n",
            "server: b\r\n", "\r\n", "X-Trailer: 1\r\n", "\r\n");
        ASSERT_KEPT(&h, "server: b\0");
        ADD(&h, "HTTP/1.1 200 OK\r\n", "\r\n");
        ASSERT_KEPT(&h, "");
}

static void folded_lines_are_one(void **state _unused_) {
        HttpHead h = { 0 };

        ADD(&h, "HTTP/1.1 200 OK\r\n", "A: 1,\r\n", "\t2,\r\n", " 3\r\n", "B: 4\r\n", "\r\n");
        ASSERT_KEPT(&h, "A: 1,\t2, 3\0B: 4\0");
        ADD(&h, "HTTP/1.1 200 OK\r\n", " first\r\n", "\r\n");
        ASSERT_KEPT(&h, " first\0");
}

static void a_zero_ends_a_line(void **state _unused_) {
        HttpHead h = { 0 };

        assert_int_equal(http_head_add(&h, "A: b\0c\r\n", 8), 0);
        ASSERT_KEPT(&h, "A: b\0");
}

static void many_lines_are_kept(void **state _unused_) {
        HttpHead h = { 0 };

        for (unsigned i = 0; i < 5000; i++)
                ADD(&h, "Name: value\r\n");
        assert_int_equal(h.n, 5000 * 12);
        for (unsigned i = 0; i < 5000; i++)
                assert_string_equal(h.lines + (size_t)12 * i, "Name: value");
        http_head_done(&h);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_kept_without_their_ends),
                cmocka_unit_test(only_the_last_answer_counts),
                cmocka_unit_test(folded_lines_are_one),
                cmocka_unit_test(a_zero_ends_a_line),
                cmocka_unit_test(many_lines_are_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
