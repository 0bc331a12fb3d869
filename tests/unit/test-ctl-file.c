/* Small files: read whole or refused, made once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "folder-fixture.h"

#include "base/macro.h"
#include "ctl/file.h"

static void a_file_is_read_up_to_a_limit(void **state _unused_) {
        Folder f = folder_new();
        _cleanup_free_ char *text = NULL;
        char path[256];
        size_t n = 0;

        folder_put(&f, "five", "12345", 0600, path);
        assert_int_equal(file_read(path, 5, &text, &n), 0);
        assert_int_equal(n, 5);
        assert_string_equal(text, "12345");
        assert_int_equal(file_read(path, 4, &text, &n), -EFBIG);
        folder_done(&f);
        assert_int_equal(file_read(path, 5, &text, &n), -ENOENT);
        assert_int_equal(file_read("/", 5, &text, &n), -EISDIR);
        assert_string_equal(text, "12345");
}

static void a_new_file_is_its_owners_and_never_overwrites(void **state _unused_) {
        Folder f = folder_new();
        _cleanup_free_ char *text = NULL;
        char path[256];
        struct stat st;
        size_t n;

        snprintf(path, sizeof(path), "%s/key", f.path);
        assert_int_equal(file_make(path, "secret", 6), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(file_make(path, "other", 5), -EEXIST);
        assert_int_equal(file_read(path, 100, &text, &n), 0);
        assert_string_equal(text, "secret");
        folder_done(&f);
        assert_int_equal(file_make(path, "x", 1), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_is_read_up_to_a_limit),
                cmocka_unit_test(a_new_file_is_its_owners_and_never_overwrites),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
