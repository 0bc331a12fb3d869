/* What is taken for a password, and that hashing leaves the loop alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "event/password.h"

static int pipe_with(const char *text, size_t n, bool open, int *other) {
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(write(fds[1], text, n), (ssize_t)n);
        *other = open ? fds[1] : -1;
        if (!open)
                close(fds[1]);
        return fds[0];
}

static int take(const char *text, size_t n, bool open, char *ret) {
        int other, fd = pipe_with(text, n, open, &other), r;

        r = password_read(fd, ret);
        close(fd);
        if (other >= 0)
                close(other);
        return r;
}

static void a_pipe_is_read_to_its_end(void **state _unused_) {
        char text[PASSWORD_SIZE], longest[PASSWORD_SIZE];

        assert_int_equal(take("correct horse\n", 14, false, text), 13);
        assert_string_equal(text, "correct horse");
        assert_int_equal(take("correct horse", 13, false, text), 13);
        assert_int_equal(take("two\nlines\n\n", 11, false, text), 10);
        assert_int_equal(take("correct horse", 13, true, text), -EAGAIN);
        assert_int_equal(take("", 0, true, text), -EAGAIN);

        memset(longest, 'x', sizeof(longest));
        assert_int_equal(take(longest, PASSWORD_MAX, false, text), PASSWORD_MAX);
        assert_int_equal(take(longest, PASSWORD_MAX + 1, false, text), -EFBIG);
        assert_int_equal(take(longest, PASSWORD_SIZE, true, text), -EFBIG);
        longest[PASSWORD_MAX] = '\n';
        assert_int_equal(take(longest, PASSWORD_MAX + 1, false, text), PASSWORD_MAX);
}

static void too_short_and_not_text_is_refused(void **state _unused_) {
        char text[PASSWORD_SIZE];

        assert_int_equal(take("", 0, false, text), -EINVAL);
        assert_int_equal(take("seven77\n", 8, false, text), -EINVAL);
        assert_int_equal(take("nul\0inside", 10, false, text), -EINVAL);
        assert_int_equal(password_read(-1, text), -EAGAIN);
}

static void a_file_is_read_from_where_it_stands(void **state _unused_) {
        int fd = memfd_create("password", MFD_CLOEXEC);
        char text[PASSWORD_SIZE];

        assert_int_equal(write(fd, "correct horse", 13), 13);
        assert_int_equal(password_read(fd, text), -EINVAL); /* it stands at its end */
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(password_read(fd, text), 13);
        close(fd);
}

typedef struct Waiter {
        unsigned called, turns;
        int r;
        char hash[crypto_pwhash_STRBYTES];
} Waiter;

static void on_hashed(int r, const char *hash, void *userdata) {
        Waiter *w = userdata;

        w->called++;
        w->r = r;
        strncpy(w->hash, hash ? hash : "", sizeof(w->hash) - 1);
}

static void on_turn(uv_idle_t *idle) {
        Waiter *w = idle->data;

        w->turns++;
        if (w->called > 0)
                uv_close((uv_handle_t *)idle, NULL);
}

static void the_loop_turns_while_it_is_hashed(void **state _unused_) {
        Waiter w = { 0 };
        uv_idle_t idle = { .data = &w };
        PasswordHash *h = NULL;
        uv_loop_t loop;

        assert_int_equal(uv_loop_init(&loop), 0);
        uv_idle_init(&loop, &idle);
        uv_idle_start(&idle, on_turn);
        assert_int_equal(password_hash(&h, &loop, "correct horse", on_hashed, &w), 0);
        assert_int_equal(w.called, 0);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(w.called, 1);
        assert_int_equal(w.r, 0);
        assert_true(w.turns > 10);
        assert_int_equal(strncmp(w.hash, "$argon2id$", 10), 0);
        assert_int_equal(crypto_pwhash_str_verify(w.hash, "correct horse", 13), 0);
        assert_int_equal(crypto_pwhash_str_verify(w.hash, "correct horsf", 13), -1);
        assert_int_equal(uv_loop_close(&loop), 0);
}

static void one_that_is_cancelled_says_nothing(void **state _unused_) {
        Waiter w = { 0 };
        PasswordHash *h = NULL;
        uv_loop_t loop;

        assert_int_equal(uv_loop_init(&loop), 0);
        for (unsigned i = 0; i < 6; i++) { /* more than there are threads */
                assert_int_equal(password_hash(&h, &loop, "correct horse", on_hashed, &w), 0);
                assert_null(password_hash_cancel(h));
        }
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(w.called, 0);
        assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pipe_is_read_to_its_end),
                cmocka_unit_test(too_short_and_not_text_is_refused),
                cmocka_unit_test(a_file_is_read_from_where_it_stands),
                cmocka_unit_test(the_loop_turns_while_it_is_hashed),
                cmocka_unit_test(one_that_is_cancelled_says_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
