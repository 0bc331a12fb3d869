/* Who has come in and says nothing, little, or too late; and who finds no place. */
#include "httpd-fixture.h"

static void slow_requests_are_ended(void **state _unused_) {
        static const struct {
                const char *said;
                unsigned status;
        } rows[] = {
                { "", 408 },
                { "GET / HTTP/1.1\r\nHost:", 408 },
                { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 408 },
        };
        HttpdLimits limits = { .head_time = 300 * USEC_PER_MSEC,
                               .body_time = 300 * USEC_PER_MSEC,
                               .idle_max = 300 * USEC_PER_MSEC };
        char answer[4096] = "";
        Fixture f;
        int fd;

        start(&f, &limits);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                fd = dial(&f);
                say(fd, rows[i].said);
                assert_int_equal(status_after(&f, fd), rows[i].status);
                close(fd);
        }
        assert_int_equal(f.refused, 3);
        assert_string_equal(f.refusal.code, "too_slow");

        fd = dial(&f);
        say(fd, ONE);
        hear_until(&f, fd, answer, sizeof(answer), "hello");
        assert_int_equal(status_after(&f, fd), 0); /* idle: ended without a word */
        close(fd);
        TURN_UNTIL(&f, httpd_connections(f.httpd, NULL) == 0);
        stop(&f);
}

static void a_later_request_that_is_slow_is_ended(void **state _unused_) {
        HttpdLimits limits = { .head_time = 300 * USEC_PER_MSEC };
        char answer[4096] = "";
        Fixture f;
        int fd;

        start(&f, &limits);
        fd = dial(&f);
        say(fd, ONE);
        hear_until(&f, fd, answer, sizeof(answer), "hello");
        say(fd, "GET /two HTTP/1.1\r\nHost: x\r\n");
        assert_int_equal(status_after(&f, fd), 408);
        assert_string_equal(f.path, "/one");
        close(fd);
        stop(&f);
}

static void the_oldest_guest_makes_room(void **state _unused_) {
        char answer[4096];
        int fds[10];
        Fixture f;

        start(&f, &(HttpdLimits){ .guests_max = 4 });
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = dial(&f);
                say(fds[i], "GET /");
                loop_turn(&f.loop, -1);
                loop_turn(&f.loop, -1);
        }
        ask(&f, "GET /" END, answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
        assert_int_equal(status_after(&f, fds[0]), 503);
        assert_string_equal(f.refusal.code, "too_many_connections");
        say(fds[9], END);
        assert_int_equal(status_after(&f, fds[9]), 200);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
        stop(&f);
}

static void an_idle_connection_makes_room(void **state _unused_) {
        char answer[4096];
        int fds[3];
        Fixture f;

        start(&f, &(HttpdLimits){ .connections_max = 2 });
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                answer[0] = '\0';
                fds[i] = dial(&f);
                say(fds[i], ONE);
                hear_until(&f, fds[i], answer, sizeof(answer), "hello");
        }
        assert_int_equal(status_after(&f, fds[0]), 0);
        for (unsigned i = 1; i < 3; i++) { /* both are at work now: nobody can go */
                say(fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
                TURN_UNTIL(&f, httpd_active(f.httpd) == i);
        }
        ask(&f, "GET /" END, answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 503", 12), 0);
        assert_non_null(strstr(answer, "Retry-After: "));
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
        stop(&f);
}

static void an_address_has_so_many_connections(void **state _unused_) {
        char answer[4096];
        int fds[3];
        Fixture f;

        start(&f, &(HttpdLimits){ .per_address_max = 3 });
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = dial(&f);
                loop_turn(&f.loop, -1);
        }
        ask(&f, "GET /" END, answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 429", 12), 0);
        assert_string_equal(f.refusal.code, "too_many_from_address");
        close(fds[0]);
        TURN_UNTIL(&f, httpd_connections(f.httpd, NULL) == 2);
        ask(&f, "GET /" END, answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
        close(fds[1]);
        close(fds[2]);
        stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(slow_requests_are_ended),
                cmocka_unit_test(a_later_request_that_is_slow_is_ended),
                cmocka_unit_test(the_oldest_guest_makes_room),
                cmocka_unit_test(an_idle_connection_makes_room),
                cmocka_unit_test(an_address_has_so_many_connections),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
