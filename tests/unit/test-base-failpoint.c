/* Who dies at a point, and who goes on. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/failpoint.h"
#include "base/macro.h"
#include "folder-fixture.h"

/* How a child ends that passes both points, one after the other. */
static int pass_both(const char *folder) {
        int status = 0;
        pid_t child = fork();

        if (child == 0) {
                if (folder)
                        setenv("DPIN_FAILPOINTS", folder, 1);
                else
                        unsetenv("DPIN_FAILPOINTS");
                failpoint("first");
                failpoint("second");
                _exit(7);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        return status;
}

static void assert_passed(int status) {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 7);
}

static void nothing_is_armed(void **state _unused_) {
        Folder f = folder_new();

        assert_passed(pass_both(NULL));
        assert_passed(pass_both(f.path));
        assert_passed(pass_both("/nowhere"));
        folder_done(&f);
}

static void an_armed_point_kills_once(void **state _unused_) {
        Folder f = folder_new();
        char path[256];
        int status;

        folder_put(&f, "second", "", 0600, path);
        status = pass_both(f.path);
#ifdef DPIN_FAILPOINTS
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
        assert_int_equal(access(path, F_OK), -1);
#else
        assert_passed(status);
        assert_int_equal(access(path, F_OK), 0);
        assert_int_equal(unlink(path), 0);
#endif
        assert_passed(pass_both(f.path));
        folder_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_armed),
                cmocka_unit_test(an_armed_point_kills_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
