/* Ways out of this machine's network, and of one that is empty. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "validator/route.h"

#define NOT_ALLOWED 77

/* As a child, in a network of its own that has nothing. The exit status: bits of what has a route.
 */
static int ways_out_of_nothing(void) {
        int status;
        pid_t pid = fork();

        if (pid == 0)
                _exit(unshare(CLONE_NEWNET) < 0
                                      ? NOT_ALLOWED
                                      : route_exists(AF_INET) | route_exists(AF_INET6) << 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void no_network_has_no_way_out(void **state) {
        int ways = ways_out_of_nothing();

        (void)state;
        if (ways == NOT_ALLOWED)
                skip();
        assert_int_equal(ways, 0);
}

/* The first line is the head of a table, whose second and third columns are target and gateway. */
static bool has_default_route(void) {
        FILE *f = fopen("/proc/net/route", "re");
        char line[256];
        bool found = false;

        while (f && fgets(line, sizeof(line), f))
                found = found || strstr(line, "\t00000000\t");
        if (f)
                fclose(f);
        return found;
}

static void a_default_route_is_a_way_out(void **state) {
        (void)state;
        if (!has_default_route())
                skip();
        assert_true(route_exists(AF_INET));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_network_has_no_way_out),
                cmocka_unit_test(a_default_route_is_a_way_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
