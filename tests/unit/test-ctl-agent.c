/* An agent of the test's own, on a terminal of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/agent.h"
#include "folder-fixture.h"

/* Becomes the standard input until it is put back. */
static int take_terminal(void) {
        int terminal = posix_openpt(O_RDWR | O_NOCTTY), before = dup(STDIN_FILENO), slave;

        assert_true(terminal >= 0 && before >= 0);
        assert_int_equal(grantpt(terminal), 0);
        assert_int_equal(unlockpt(terminal), 0);
        slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
        assert_true(slave >= 0);
        assert_int_equal(dup2(slave, STDIN_FILENO), STDIN_FILENO);
        close(slave);
        return before;
}

static void put_back(int before) {
        assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
        close(before);
}

/* pkttyagent is this shell script, first on the path. */
static int start_with(const char *script, Agent **ret) {
        Folder folder = folder_new();
        char path[256], search[320];
        int before, r;

        (void)folder_put(&folder, "pkttyagent", script, 0755, path);
        (void)snprintf(search, sizeof(search), "%s:/usr/bin:/bin", folder.path);
        assert_int_equal(setenv("PATH", search, 1), 0);
        before = take_terminal();
        r = agent_start(ret);
        put_back(before);
        folder_done(&folder);
        return r;
}

/* $1 is --notify-fd=N */
#define CLOSE_IT "#!/bin/sh\nfd=${1#--notify-fd=}; eval \"exec $fd>&-\"; "

static void it_is_waited_for_and_ended(void **state _unused_) {
        Agent *a = NULL;

        assert_int_equal(start_with(CLOSE_IT "trap 'exit 0' TERM; while :; do sleep 0.05; done\n",
                                    &a),
                         0);
        assert_non_null(a);
        assert_null(agent_free(a));
}

static void one_that_dies_is_none(void **state _unused_) {
        Agent *a = NULL;

        assert_int_equal(start_with("#!/bin/sh\nexit 1\n", &a), -ECHILD);
        assert_null(a);
}

static void where_nobody_sits_there_is_none(void **state _unused_) {
        int before = dup(STDIN_FILENO), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        Agent *a = NULL;

        assert_int_equal(dup2(null, STDIN_FILENO), STDIN_FILENO);
        assert_int_equal(agent_start(&a), -ENOTTY);
        close(null);
        put_back(before);
}

static void what_is_not_installed_is_said(void **state _unused_) {
        int before = take_terminal();
        Agent *a = NULL;

        assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
        assert_int_equal(agent_start(&a), -ENOENT);
        put_back(before);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_waited_for_and_ended),
                cmocka_unit_test(one_that_dies_is_none),
                cmocka_unit_test(where_nobody_sits_there_is_none),
                cmocka_unit_test(what_is_not_installed_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
