/* What programs get, what is known of how they end, and that none outlives its time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/program.h"

typedef struct World {
        uv_loop_t loop;
        Program *program;
        unsigned done;
        ProgramResult result;
        char line[PROGRAM_LINE_MAX + 1];
} World;

static void on_done(const ProgramResult *result, void *userdata) {
        World *w = userdata;

        w->done++;
        w->program = NULL;
        w->result = *result;
        snprintf(w->line, sizeof(w->line), "%s", result->line);
}

static const char *const environment[] = { "PATH=/usr/bin:/bin", "DPIN_A=b c", NULL };

static int start(World *w, const char *const *argv, const char *input) {
        const ProgramRequest q = { .argv = argv,
                                   .environment = environment,
                                   .input = input,
                                   .timeout = 300 * USEC_PER_MSEC,
                                   .grace = 100 * USEC_PER_MSEC };

        *w = (World){ 0 };
        assert_int_equal(uv_loop_init(&w->loop), 0);
        return program_start(&w->loop, &q, on_done, w, &w->program);
}

static void finish(World *w) {
        assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&w->loop), 0);
}

/* Of a shell's script: this module knows of none. */
static void run(World *w, const char *script, const char *input) {
        const char *const argv[] = { "/bin/sh", "-c", script, NULL };

        assert_int_equal(start(w, argv, input), 0);
        assert_int_equal(w->done, 0);
        finish(w);
        assert_int_equal(w->done, 1);
}

static void says(const char *script, const char *input, const char *line) {
        World w;

        run(&w, script, input);
        assert_int_equal(w.result.status, 0);
        assert_string_equal(w.line, line);
}

static void its_end_is_told(void **state _unused_) {
        World w;

        run(&w, "exit 75", "");
        assert_int_equal(w.result.status, 75);
        assert_int_equal(w.result.signal, 0);
        assert_false(w.result.timed_out);
        run(&w, "kill -9 $$", "");
        assert_int_equal(w.result.signal, SIGKILL);
}

static void it_has_its_input_and_nothing_else(void **state _unused_) {
        const char *const argv[] = { "/usr/bin/env", NULL }, *const list[] = { "/bin/ls", "-C",
                                                                               "/proc/self/fd",
                                                                               NULL };
        int foreign = open("/dev/null", O_RDONLY);
        World w;

        assert_int_equal(start(&w, argv, ""), 0);
        finish(&w);
        assert_string_equal(w.line, environment[1]);
        says("env | wc -l", "", "3"); /* PWD is the shell's own */
        says("cat", "first\nlast\n", "last");
        says("cat", "", "");
        assert_true(foreign > 2);
        assert_int_equal(start(&w, list, ""), 0);
        finish(&w);
        assert_string_equal(w.line, "0  1  2  3"); /* the last one is of the folder itself */
        says("pwd", "", "/");
        says("printf '%s' \"$DPIN_A\"", "", "b c");
        (void)close(foreign);
}

static void words_stay_what_they_are(void **state _unused_) {
        const char *const argv[] = { "/usr/bin/printf", "%s", "$(id) ; `id` * \\n", NULL };
        World w;

        assert_int_equal(start(&w, argv, ""), 0);
        finish(&w);
        assert_string_equal(w.line, "$(id) ; `id` * \\n");
}

static void the_last_line_is_kept(void **state _unused_) {
        char longest[PROGRAM_LINE_MAX + 1] = "";

        memset(longest, 'x', PROGRAM_LINE_MAX);
        says("echo one; echo two >&2", "", "two");
        says("echo one; echo; echo", "", "one");
        says("printf 'no end'", "", "no end");
        says("head -c 3000000 /dev/zero | tr '\\0' x", "", longest);
        says("yes | head -n 100000; echo z", "", "z");
}

static void what_takes_too_long_is_ended(void **state _unused_) {
        World w;

        run(&w, "echo begun; exec sleep 60", "");
        assert_true(w.result.timed_out);
        assert_int_equal(w.result.signal, SIGTERM);
        assert_string_equal(w.line, "begun");
        run(&w, "trap '' TERM; while :; do sleep 1; done", "");
        assert_true(w.result.timed_out);
        assert_int_equal(w.result.signal, SIGKILL);
        run(&w, "trap 'exit 3' TERM; sleep 60 & wait", "");
        assert_true(w.result.timed_out);
        assert_int_equal(w.result.status, 3);
}

/* A zombie is gone: whoever is the first process of the machine buries it when it likes. */
static bool runs(const char *pid) {
        char path[PROGRAM_LINE_MAX + 32], text[256] = "";
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%s/stat", pid);
        f = fopen(path, "re");
        if (!f)
                return false;
        (void)fread(text, 1, sizeof(text) - 1, f);
        (void)fclose(f);
        return !strstr(text, ") Z ");
}

/* Whoever was killed dies when it is its turn on the CPU. */
static bool ends(const char *pid) {
        usec_t until = now_boottime() + 20 * USEC_PER_SEC;

        while (runs(pid) && now_boottime() < until)
                poll(NULL, 0, 1);
        return !runs(pid);
}

static void its_group_ends_with_it(void **state _unused_) {
        World w;

        run(&w, "sleep 60 & echo $!", "");
        assert_int_equal(w.result.status, 0);
        assert_false(w.result.timed_out);
        assert_true(ends(w.line));
}

static void who_left_its_group_is_not_waited_for(void **state _unused_) {
        usec_t began = now_boottime();
        World w;

        run(&w, "setsid sleep 5 & sleep 0.1; echo $!", "");
        assert_int_equal(w.result.status, 0);
        assert_true(now_boottime() - began < 4 * USEC_PER_SEC);
}

static void what_cannot_be_started_is_said(void **state _unused_) {
        const char *const nothing[] = { "/nonexistent/program", NULL }, *const folder[] = { "/etc",
                                                                                            NULL };
        World w;

        assert_int_equal(start(&w, nothing, ""), -ENOENT);
        finish(&w);
        assert_int_equal(start(&w, folder, ""), -EACCES);
        finish(&w);
        assert_int_equal(w.done, 0);
}

static void cancelled_nobody_is_told(void **state _unused_) {
        const char *const argv[] = { "/bin/sleep", "60", NULL };
        World w;

        assert_int_equal(start(&w, argv, ""), 0);
        assert_null(program_cancel(w.program));
        finish(&w);
        assert_int_equal(w.done, 0);
        assert_null(program_cancel(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(its_end_is_told),
                cmocka_unit_test(it_has_its_input_and_nothing_else),
                cmocka_unit_test(words_stay_what_they_are),
                cmocka_unit_test(the_last_line_is_kept),
                cmocka_unit_test(what_takes_too_long_is_ended),
                cmocka_unit_test(its_group_ends_with_it),
                cmocka_unit_test(who_left_its_group_is_not_waited_for),
                cmocka_unit_test(what_cannot_be_started_is_said),
                cmocka_unit_test(cancelled_nobody_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
