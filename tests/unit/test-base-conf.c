/* Settings from defaults, files, drop-ins and the environment. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/macro.h"
#include "folder-fixture.h"

typedef struct Conf {
        uint64_t committee;
        char *key;
        char *listen;
        usec_t retry;
        bool open;
} Conf;

static const ConfField fields[] = {
        { "Committee", CONF_UNSIGNED, 1, 64, "4", offsetof(Conf, committee), "TEST_COMMITTEE" },
        { "Key", CONF_SECRET, 0, 0, NULL, offsetof(Conf, key), "TEST_KEY" },
        { "Listen", CONF_STRING, 0, 0, "[::]:8081", offsetof(Conf, listen), NULL },
        { "Retry", CONF_USEC, USEC_PER_SEC, USEC_PER_HOUR, "10s", offsetof(Conf, retry), NULL },
        { "Open", CONF_BOOL, 0, 0, "no", offsetof(Conf, open), NULL },
        {},
};

static void load(const char *path, Conf *conf) {
        char *error = NULL;

        assert_int_equal(conf_load(fields, path, false, conf, &error), 0);
        assert_null(error);
}

/* expected follows "PATH" in the error. */
static void expect_refusal(const char *path, const char *expected) {
        _cleanup_free_ char *error = NULL;
        Conf conf = {};

        assert_int_equal(conf_load(fields, path, false, &conf, &error), -EINVAL);
        assert_non_null(error);
        assert_memory_equal(error, path, strlen(path));
        assert_string_equal(error + strlen(path), expected);
        assert_null(conf.listen);
        assert_null(conf.key);
}

static void without_a_file_there_are_defaults(void **state _unused_) {
        char *error = NULL;
        Conf conf = {};

        load(NULL, &conf);
        assert_int_equal(conf.committee, 4);
        assert_string_equal(conf.listen, "[::]:8081");
        assert_true(conf.retry == 10 * USEC_PER_SEC);
        assert_null(conf.key);
        conf_done(fields, &conf);
        assert_null(conf.listen);
        assert_int_equal(conf_load(fields, "/nonexistent/a.conf", true, &conf, &error), 0);
        conf_done(fields, &conf);
        expect_refusal("/nonexistent/a.conf", ": No such file or directory");
}

static void a_file_overrides_the_defaults(void **state _unused_) {
        static const char text[] = "# comment\n; comment\n\n[Hub]\nCommittee=7\n  retry = 2min ; a "
                                   "pair of them\n"
                                   "[Other]\r\nLISTEN=ws://[::1]:9/a=b#c\r\nopen=yes";
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];
        Conf conf = {};

        load(folder_put(&folder, "a.conf", text, 0644, path), &conf);
        assert_int_equal(conf.committee, 7);
        assert_true(conf.retry == 2 * USEC_PER_MIN);
        assert_string_equal(conf.listen, "ws://[::1]:9/a=b#c");
        assert_true(conf.open);
        conf_done(fields, &conf);
}

static void drop_ins_follow_in_the_order_of_their_names(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char directory[256], path[256], ignored[256];
        Conf conf = {};

        folder_put(&folder, "a.conf", "Committee=1\nRetry=1s\nListen=file\n", 0644, path);
        snprintf(directory, sizeof(directory), "%s/a.conf.d", folder.path);
        assert_int_equal(mkdir(directory, 0755), 0);
        folder_put(&folder, "a.conf.d/20-b.conf", "Committee=20\n", 0644, ignored);
        folder_put(&folder, "a.conf.d/10-z.conf", "Committee=10\nRetry=10s\n", 0644, ignored);
        folder_put(&folder, "a.conf.d/30.conf~", "Committee=30\n", 0644, ignored);
        folder_put(&folder, "a.conf.d/.40.conf", "Open=yes\n", 0644, ignored);
        load(path, &conf);
        assert_int_equal(conf.committee, 20);
        assert_false(conf.open);
        assert_true(conf.retry == 10 * USEC_PER_SEC);
        assert_string_equal(conf.listen, "file");
        conf_done(fields, &conf);
        folder_put(&folder, "a.conf.d/15.conf", "\nCommittee=none\n", 0644, ignored);
        expect_refusal(path, ".d/15.conf:2: Committee expects a whole number from 1 to 64");
}

static void drop_ins_count_without_the_file(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256], drop_in[256], *error = NULL;
        Conf conf = {};

        snprintf(path, sizeof(path), "%s/a.conf.d", folder.path);
        assert_int_equal(mkdir(path, 0755), 0);
        folder_put(&folder, "a.conf.d/a.conf", "Committee=9\n", 0644, drop_in);
        path[strlen(path) - 2] = '\0';
        assert_int_equal(conf_load(fields, path, true, &conf, &error), 0);
        assert_int_equal(conf.committee, 9);
        conf_done(fields, &conf);
}

static void the_environment_comes_last(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *error = NULL;
        char path[256];
        Conf conf = {};

        folder_put(&folder, "a.conf", "Committee=7\nKey=from file\n", 0644, path);
        setenv("TEST_COMMITTEE", "8", 1);
        setenv("TEST_KEY", "", 1);
        load(path, &conf);
        assert_int_equal(conf.committee, 8);
        assert_string_equal(conf.key, "from file");
        conf_done(fields, &conf);
        setenv("TEST_KEY", "from environment", 1);
        setenv("TEST_COMMITTEE", "65", 1);
        assert_int_equal(conf_load(fields, path, false, &conf, &error), -EINVAL);
        assert_string_equal(error, "environment variable TEST_COMMITTEE: Committee expects a whole "
                                   "number from 1 to 64");
        unsetenv("TEST_COMMITTEE");
        load(path, &conf);
        assert_string_equal(conf.key, "from environment");
        conf_done(fields, &conf);
        unsetenv("TEST_KEY");
}

static void errors_name_file_line_and_reason(void **state _unused_) {
        static const char *const cases[][2] = {
                { "Committee=4\nColour=red\n", ":2: unknown setting Colour" },
                { "\n\n\nCommittee=0\n", ":4: Committee expects a whole number from 1 to 64" },
                { "retry=2d\n", ":1: Retry expects a time such as 500ms, 10s or 2h from 1s to 1h" },
                { "[Hub]\nOpen=perhaps\nColour=red\n", ":2: Open expects yes or no" },
                { "Open\n", ":1: neither a setting nor a section" },
                { "[Hub\n", ":1: neither a setting nor a section" },
                { "=5\n", ":1: unknown setting " },
                { "Listen=a\n  continued\n", ":2: neither a setting nor a section" },
        };
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                folder_put(&folder, "a.conf", cases[i][0], 0644, path);
                expect_refusal(path, cases[i][1]);
        }
}

static void a_line_is_read_whole_or_refused(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256], text[400] = "Open=yes\nListen=";
        size_t start = strlen(text);
        Conf conf = {};

        memset(text + start, 'x', 198 - strlen("Listen="));
        load(folder_put(&folder, "a.conf", text, 0644, path), &conf);
        assert_int_equal(strlen(conf.listen), 198 - strlen("Listen="));
        conf_done(fields, &conf);
        memset(text + start, 'x', 192);
        expect_refusal(folder_put(&folder, "a.conf", text, 0644, path),
                       ":2: line is longer than 198 characters or holds a NUL");
}

static void a_nul_is_refused_wherever_it_is(void **state _unused_) {
        static const char *const texts[] = { "\0", "Open=yes\0", "Open=yes\0no\n",
                                             "\0\nOpen=no\n" };
        static const size_t sizes[] = { 1, 9, 12, 10 };
        _cleanup_(folder_done) Folder folder = folder_new();

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                char path[256];
                FILE *f = fopen(folder_put(&folder, "a.conf", "", 0644, path), "we");

                assert_int_equal(fwrite(texts[i], 1, sizes[i], f), sizes[i]);
                assert_int_equal(fclose(f), 0);
                expect_refusal(path, ":1: line is longer than 198 characters or holds a NUL");
        }
}

static void a_folder_is_no_file(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();

        expect_refusal(folder.path, ": cannot be read");
}

/* Only secrets, and they win over everything. */
static void a_secret_may_be_a_credential(void **state _unused_) {
        _cleanup_(folder_done) Folder credentials = folder_new();
        _cleanup_free_ char *error = NULL;
        char path[256];
        Conf conf = {};

        folder_put(&credentials, "Key", "from credential\n", 0400, path);
        folder_put(&credentials, "Listen", "ignored", 0400, path);
        setenv("TEST_KEY", "from environment", 1);
        setenv("CREDENTIALS_DIRECTORY", credentials.path, 1);
        load(NULL, &conf);
        assert_string_equal(conf.key, "from credential");
        assert_string_equal(conf.listen, "[::]:8081");
        conf_done(fields, &conf);

        folder_put(&credentials, "Key", "from credential\n", 0404, path);
        assert_int_equal(conf_load(fields, NULL, true, &conf, &error), -EINVAL);
        assert_string_equal(error, "credential Key: others may read or change it: chmod o= it");
        unsetenv("CREDENTIALS_DIRECTORY");
        unsetenv("TEST_KEY");
}

/* As conf_print() prints it; freed by the caller. */
static char *print(const char *path, const Conf *conf) {
        char *printed = NULL;
        size_t size;
        FILE *file = open_memstream(&printed, &size);

        assert_int_equal(conf_print(fields, path, conf, file), 0);
        fclose(file);
        return printed;
}

static void what_is_printed_can_be_loaded(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *printed = NULL;
        char path[256], other[256];
        Conf conf = {}, again = {};

        load(folder_put(&folder, "a.conf", "Retry=90\nOpen=1\nKey=hunter2\n", 0600, path), &conf);
        printed = print(path, &conf);
        load(folder_put(&folder, "b.conf", printed, 0600, other), &again);
        assert_true(again.retry == conf.retry && again.open && again.committee == 4);
        assert_string_equal(again.listen, conf.listen);
        assert_string_equal(again.key, "***");
        conf_done(fields, &conf);
        conf_done(fields, &again);
}

/* That "key=" of field is printed, with the origin behind it. */
static void expect_origin(const char *printed, const char *setting, const char *origin) {
        const char *line = strstr(printed, setting), *found;
        size_t n = strlen(origin);

        assert_non_null(line);
        found = strstr(line, " ; ");
        assert_non_null(found);
        assert_string_equal(strndupa(found + 3, strcspn(found + 3, "\n")), origin);
        assert_true(n > 0 && strcspn(line, "\n") > n);
}

static void each_value_says_where_it_comes_from(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new(), credentials = folder_new();
        _cleanup_free_ char *printed = NULL, *in_file = NULL, *in_drop_in = NULL;
        char path[256], other[256];
        Conf conf = {};

        folder_put(&folder, "a.conf", "Committee=5\nOpen=yes\n", 0600, path);
        assert_true(asprintf(&in_drop_in, "%s.d", path) > 0);
        assert_int_equal(mkdir(in_drop_in, 0755), 0);
        folder_put(&folder, "a.conf.d/x.conf", "\nRetry=5s\n", 0644, other);
        folder_put(&credentials, "Key", "k", 0400, other);
        setenv("TEST_COMMITTEE", "8", 1);
        setenv("CREDENTIALS_DIRECTORY", credentials.path, 1);
        load(path, &conf);
        printed = print(path, &conf);
        unsetenv("CREDENTIALS_DIRECTORY");
        unsetenv("TEST_COMMITTEE");

        expect_origin(printed, "Committee=8", "environment variable TEST_COMMITTEE");
        expect_origin(printed, "Key=***", "credential Key");
        expect_origin(printed, "Listen=[::]:8081", "default");
        free(in_drop_in);
        assert_true(asprintf(&in_file, "%s:2", path) > 0);
        assert_true(asprintf(&in_drop_in, "%s.d/x.conf:2", path) > 0);
        expect_origin(printed, "Open=yes", in_file);
        expect_origin(printed, "Retry=5s", in_drop_in);
        conf_done(fields, &conf);

        free(printed);
        load(NULL, &conf);
        printed = print(NULL, &conf);
        expect_origin(printed, "Key=", "not set");
        conf_done(fields, &conf);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_file_there_are_defaults),
                cmocka_unit_test(a_file_overrides_the_defaults),
                cmocka_unit_test(drop_ins_follow_in_the_order_of_their_names),
                cmocka_unit_test(drop_ins_count_without_the_file),
                cmocka_unit_test(the_environment_comes_last),
                cmocka_unit_test(errors_name_file_line_and_reason),
                cmocka_unit_test(a_line_is_read_whole_or_refused),
                cmocka_unit_test(a_nul_is_refused_wherever_it_is),
                cmocka_unit_test(a_folder_is_no_file),
                cmocka_unit_test(a_secret_may_be_a_credential),
                cmocka_unit_test(what_is_printed_can_be_loaded),
                cmocka_unit_test(each_value_says_where_it_comes_from),
        };

        unsetenv("CREDENTIALS_DIRECTORY");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
