/* Listening addresses: the accepted forms, the refused ones, and the name of what was bound. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/daemon.h"

static void a_free_port_is_taken_and_named(void **state _unused_) {
        char name[64], small[8];
        int fd, second;

        fd = listen_socket("127.0.0.1:0");
        assert_true(fd >= 0);
        assert_int_equal(socket_name(fd, name, sizeof(name)), 0);
        assert_memory_equal(name, "127.0.0.1:", 10);
        assert_int_not_equal(strtol(name + 10, NULL, 10), 0);
        assert_int_equal(socket_name(fd, small, sizeof(small)), -ENOBUFS);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);

        second = listen_socket(name);
        assert_int_equal(second, -EADDRINUSE);
        close(fd);
        second = listen_socket(name);
        assert_true(second >= 0);
        close(second);
}

static void a_star_takes_every_family(void **state _unused_) {
        char name[64];
        int fd;

        fd = listen_socket("*:0");
        assert_true(fd >= 0);
        assert_int_equal(socket_name(fd, name, sizeof(name)), 0);
        assert_true(strncmp(name, "[::]:", 5) == 0 || strncmp(name, "0.0.0.0:", 8) == 0);
        close(fd);
}

static void other_forms_are_refused(void **state _unused_) {
        static const char *const bad[] = {
                "",           "127.0.0.1",    ":80",          "127.0.0.1:",   "127.0.0.1:65536",
                "[::1]",      "[]:1",         "::1:80",       "localhost:80", "127.0.0.1:+1",
                "[::1:80",    "127.0.0.1:8x", "[1.2.3.4]:80", "*:-1",         "127.0.0.1:000080",
                "[::1]extra", " 127.0.0.1:1",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(listen_socket(bad[i]), -EINVAL);
}

static void only_sockets_have_names(void **state _unused_) {
        char name[64];
        int pair[2];

        assert_int_equal(socket_name(-1, name, sizeof(name)), -EBADF);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(socket_name(pair[0], name, sizeof(name)), 0);
        assert_string_equal(name, "");
        close(pair[0]);
        close(pair[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_free_port_is_taken_and_named),
                cmocka_unit_test(a_star_takes_every_family),
                cmocka_unit_test(other_forms_are_refused),
                cmocka_unit_test(only_sockets_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
