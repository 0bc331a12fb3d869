/* Secrets from credentials and files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/macro.h"
#include "folder-fixture.h"

static void expect_secret(const char *name, const char *path, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        assert_int_equal(conf_read_secret(name, path, &text, &n), 1);
        assert_string_equal(text, expected);
        assert_int_equal(n, strlen(expected));
}

static void expect_none(const char *name, const char *path, int expected) {
        char *text = NULL;
        size_t n = 77;

        assert_int_equal(conf_read_secret(name, path, &text, &n), expected);
        assert_null(text);
        assert_int_equal(n, 77);
}

static void a_credential_comes_before_the_file(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char credential[256], file[256];

        folder_put(&folder, "hub.key", "credential\n", 0400, credential);
        folder_put(&folder, "file.key", "file", 0600, file);
        expect_secret("hub.key", file, "file");
        setenv("CREDENTIALS_DIRECTORY", folder.path, 1);
        expect_secret("hub.key", file, "credential\n");
        expect_secret("hub.key", NULL, "credential\n");
        expect_secret("other.key", file, "file");
        expect_secret(NULL, file, "file");
        expect_none("other.key", NULL, 0);
        unsetenv("CREDENTIALS_DIRECTORY");
        expect_none("hub.key", NULL, 0);
}

static void a_credential_is_named_without_a_path(void **state _unused_) {
        setenv("CREDENTIALS_DIRECTORY", "/etc", 1);
        expect_none("../etc/passwd", NULL, -EINVAL);
        unsetenv("CREDENTIALS_DIRECTORY");
}

static void a_missing_file_is_no_error(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];

        snprintf(path, sizeof(path), "%s/none", folder.path);
        expect_none("none", path, 0);
        expect_none(NULL, NULL, 0);
}

static void a_file_open_to_others_is_refused(void **state _unused_) {
        static const mode_t open_modes[] = { 0604, 0602, 0601, 0644, 0666 };
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];

        for (size_t i = 0; i < ELEMENTSOF(open_modes); i++)
                expect_none(NULL, folder_put(&folder, "key", "x", open_modes[i], path), -EPERM);
        chmod(path, 0640);
        expect_secret(NULL, path, "x");
}

static void only_regular_files_are_read(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];

        expect_none(NULL, folder.path, -EINVAL);
        snprintf(path, sizeof(path), "%s/fifo", folder.path);
        assert_int_equal(mkfifo(path, 0600), 0);
        expect_none(NULL, path, -EINVAL);
}

static void the_size_has_a_limit(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *text = malloc(65536 + 2);
        char path[256];

        memset(text, 'k', 65536 + 1);
        text[65536 + 1] = '\0';
        expect_none(NULL, folder_put(&folder, "key", text, 0600, path), -EFBIG);
        text[65536] = '\0';
        expect_secret(NULL, folder_put(&folder, "key", text, 0600, path), text);
        expect_secret(NULL, folder_put(&folder, "key", "", 0600, path), "");
}

static void the_size_need_not_be_asked_for(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *text = NULL;
        char path[256];

        assert_int_equal(conf_read_secret(NULL, folder_put(&folder, "k", "s", 0600, path), &text,
                                          NULL),
                         1);
        assert_string_equal(text, "s");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_credential_comes_before_the_file),
                cmocka_unit_test(a_credential_is_named_without_a_path),
                cmocka_unit_test(a_missing_file_is_no_error),
                cmocka_unit_test(a_file_open_to_others_is_refused),
                cmocka_unit_test(only_regular_files_are_read),
                cmocka_unit_test(the_size_has_a_limit),
                cmocka_unit_test(the_size_need_not_be_asked_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
