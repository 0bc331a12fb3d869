/* What was put into a file in memory is read from its beginning, and stays what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/memory-file.h"

static void read_from_its_beginning(void **state _unused_) {
        char text[16];
        int fd = memory_file_new("secret", "s3cret\0!", 8);

        assert_true(fd >= 0);
        assert_int_equal(read(fd, text, sizeof(text)), 8);
        assert_memory_equal(text, "s3cret\0!", 8);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(close(fd), 0);
}

static void nobody_changes_it(void **state _unused_) {
        int fd = memory_file_new("secret", "s3cret", 6);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "x", 1), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 1), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 7), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(close(fd), 0);
}

static void nothing_is_a_file_as_well(void **state _unused_) {
        char text[1];
        int fd = memory_file_new("empty", "", 0);

        assert_true(fd >= 0);
        assert_int_equal(read(fd, text, sizeof(text)), 0);
        assert_int_equal(close(fd), 0);
}

static void a_name_has_an_end(void **state _unused_) {
        char name[251];

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_int_equal(memory_file_new(name, "", 0), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(read_from_its_beginning),
                cmocka_unit_test(nobody_changes_it),
                cmocka_unit_test(nothing_is_a_file_as_well),
                cmocka_unit_test(a_name_has_an_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
