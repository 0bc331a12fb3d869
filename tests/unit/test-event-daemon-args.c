/* The shared command line: what is stored, what ends the program, what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/macro.h"
#include "event/daemon-args.h"

typedef struct Extra {
        bool migrate;
        const char *directory, *health;
} Extra;

static const DaemonOption options[] = {
        { "directory", "PATH", "Where the files are", offsetof(Extra, directory) },
        { "health", "[=LEVEL]", "Ask and exit", offsetof(Extra, health) },
        { "migrate", NULL, "Migrate and exit", offsetof(Extra, migrate) },
        {},
};
static const DaemonProgram program = { "toy", "Plays.", options };

static void all_options_are_stored(void **state _unused_) {
        char *argv[] = { "toy",         "--config=/a",    "--bus", "unix:path=/b", "--check-config",
                         "--directory", "/usr/share/toy", NULL };
        DaemonArgs args;
        Extra extra = {};

        assert_int_equal(daemon_args_parse(&program, 7, argv, &args, &extra), 1);
        assert_string_equal(args.config, "/a");
        assert_string_equal(args.bus, "unix:path=/b");
        assert_true(args.check_config);
        assert_false(args.print_config);
        assert_string_equal(extra.directory, "/usr/share/toy");
        assert_false(extra.migrate);
}

static void an_argument_in_brackets_may_be_left_out(void **state _unused_) {
        char *with[] = { "toy", "--health=alive", NULL }, *without[] = { "toy", "--health", NULL },
             *beside[] = { "toy", "--health", "alive", NULL };
        DaemonArgs args;
        Extra extra = {};

        assert_int_equal(daemon_args_parse(&program, 1, with, &args, &extra), 1);
        assert_null(extra.health);
        assert_int_equal(daemon_args_parse(&program, 2, with, &args, &extra), 1);
        assert_string_equal(extra.health, "alive");
        assert_int_equal(daemon_args_parse(&program, 2, without, &args, &extra), 1);
        assert_string_equal(extra.health, "");
        assert_int_equal(daemon_args_parse(&program, 3, beside, &args, &extra), -EINVAL);
}

static void a_second_parse_starts_anew(void **state _unused_) {
        char *argv[] = { "toy", "--print-config", "--migrate", NULL };
        DaemonArgs args = { .config = "old" };
        Extra extra = {};

        assert_int_equal(daemon_args_parse(&program, 3, argv, &args, &extra), 1);
        assert_null(args.config);
        assert_true(args.print_config);
        assert_true(extra.migrate);
}

static void a_program_needs_no_options_of_its_own(void **state _unused_) {
        const DaemonProgram plain = { "plain", "Does less.", NULL };
        char *argv[] = { "plain", NULL }, *bad[] = { "plain", "--migrate", NULL };
        DaemonArgs args;

        assert_int_equal(daemon_args_parse(&plain, 1, argv, &args, NULL), 1);
        assert_int_equal(daemon_args_parse(&plain, 2, bad, &args, NULL), -EINVAL);
}

static void help_and_version_end_the_program(void **state _unused_) {
        char *help[] = { "toy", "--help", NULL }, *version[] = { "toy", "--version", NULL };
        DaemonArgs args;
        Extra extra = {};

        assert_int_equal(daemon_args_parse(&program, 2, help, &args, &extra), 0);
        assert_int_equal(daemon_args_parse(&program, 2, version, &args, &extra), 0);
}

static void strangers_are_refused(void **state _unused_) {
        char *bad[][3] = { { "toy", "--nonsense", NULL },
                           { "toy", "file", NULL },
                           { "toy", "--config", NULL },
                           { "toy", "--check-config=yes", NULL } };
        DaemonArgs args;
        Extra extra = {};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(daemon_args_parse(&program, 2, bad[i], &args, &extra), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_options_are_stored),
                cmocka_unit_test(an_argument_in_brackets_may_be_left_out),
                cmocka_unit_test(a_second_parse_starts_anew),
                cmocka_unit_test(a_program_needs_no_options_of_its_own),
                cmocka_unit_test(help_and_version_end_the_program),
                cmocka_unit_test(strangers_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
