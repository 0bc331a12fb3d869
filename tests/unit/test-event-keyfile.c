/* Where a program's key comes from, in which order, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/keyfile.h"
#include "folder-fixture.h"

/* The text form of the key whose seed is all of one byte. */
static const char *text_of(uint8_t seed, char text[static SIGN_KEY_TEXT_SIZE]) {
        _cleanup_(sign_key_freep) SignKey *k = NULL;
        uint8_t bytes[SIGN_SEED_SIZE];

        memset(bytes, seed, sizeof(bytes));
        assert_int_equal(sign_key_from_seed(bytes, &k), 0);
        return sign_key_to_text(k, text);
}

static void put_key(const Folder *f, const char *name, uint8_t seed, mode_t mode,
                    char path[static 256]) {
        char text[SIGN_KEY_TEXT_SIZE];

        folder_put(f, name, text_of(seed, text), mode, path);
}

static void set_environment(uint8_t seed) {
        char text[SIGN_KEY_TEXT_SIZE];

        assert_int_equal(setenv("PRIVATE_KEY", text_of(seed, text), 1), 0);
}

static void expect(const char *path, uint8_t seed, KeySource source) {
        _cleanup_(sign_key_freep) SignKey *k = NULL;
        char text[SIGN_KEY_TEXT_SIZE], expected[SIGN_KEY_TEXT_SIZE];
        KeySource found;

        assert_int_equal(keyfile_load("test.key", path, &k, &found), 0);
        assert_int_equal(found, source);
        assert_string_equal(sign_key_to_text(k, text), text_of(seed, expected));
}

static void refuse(const char *path, int r) {
        KeySource source = KEY_CREATED;
        SignKey *k = NULL;

        assert_int_equal(keyfile_load("test.key", path, &k, &source), r);
        assert_null(k);
}

static void credential_then_environment_then_file(void **state _unused_) {
        _cleanup_(folder_done) Folder credentials = folder_new();
        _cleanup_(folder_done) Folder folder = folder_new();
        char credential[256], path[256];

        put_key(&credentials, "test.key", 1, 0400, credential);
        put_key(&folder, "file.key", 3, 0600, path);
        set_environment(2);

        setenv("CREDENTIALS_DIRECTORY", credentials.path, 1);
        expect(path, 1, KEY_CREDENTIAL);
        assert_null(getenv("PRIVATE_KEY")); /* what is not used is no less secret */
        unsetenv("CREDENTIALS_DIRECTORY");
        set_environment(2);
        expect(path, 2, KEY_ENVIRONMENT);
        expect(path, 3, KEY_FILE);
}

static void with_other_credentials_only_the_file_is_read(void **state _unused_) {
        _cleanup_(folder_done) Folder credentials = folder_new();
        _cleanup_(folder_done) Folder folder = folder_new();
        char credential[256], path[256];

        put_key(&credentials, "another.key", 1, 0400, credential);
        put_key(&folder, "file.key", 3, 0600, path);
        setenv("CREDENTIALS_DIRECTORY", credentials.path, 1);
        expect(path, 3, KEY_FILE);
        unsetenv("CREDENTIALS_DIRECTORY");
}

static void the_environment_forgets_the_key_once_read(void **state _unused_) {
        const char *text;

        set_environment(2);
        text = getenv("PRIVATE_KEY");
        expect("/nonexistent/file.key", 2, KEY_ENVIRONMENT);
        assert_null(getenv("PRIVATE_KEY"));
        assert_int_equal(*text, '\0'); /* nor does /proc/PID/environ have it */

        setenv("PRIVATE_KEY", "[1,2,3]", 1);
        refuse("/nonexistent/file.key", -EINVAL);
        assert_null(getenv("PRIVATE_KEY"));
}

static void an_empty_variable_is_none(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];

        setenv("PRIVATE_KEY", "", 1);
        put_key(&folder, "file.key", 3, 0600, path);
        expect(path, 3, KEY_FILE);
        unsetenv("PRIVATE_KEY");
}

static void a_new_key_is_written_once(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_(sign_key_freep) SignKey *made = NULL, *read = NULL;
        char path[256];
        KeySource source;
        struct stat st;

        snprintf(path, sizeof(path), "%s/new.key", folder.path);
        assert_int_equal(keyfile_load("test.key", path, &made, &source), 0);
        assert_int_equal(source, KEY_CREATED);
        assert_string_equal(key_source_name(source), "new file");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(st.st_nlink, 1); /* nothing is left beside it */

        assert_int_equal(keyfile_load("test.key", path, &read, &source), 0);
        assert_int_equal(source, KEY_FILE);
        assert_true(public_key_equal(sign_key_public(made), sign_key_public(read)));
}

static void where_no_file_can_be_made_there_is_no_key(void **state _unused_) {
        refuse("/nonexistent/file.key", -ENOENT);
}

static void a_file_others_can_read_is_refused(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];

        put_key(&folder, "open.key", 3, 0604, path);
        refuse(path, -EPERM);
        assert_non_null(strstr(keyfile_error(-EPERM), "chmod"));
}

static void what_is_no_key_is_refused(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256], text[SIGN_KEY_TEXT_SIZE];

        folder_put(&folder, "bad.key", "not a key\n", 0600, path);
        refuse(path, -EINVAL);
        folder_put(&folder, "bad.key", "", 0600, path);
        refuse(path, -EINVAL);

        text_of(9, text); /* "[9,9,...": the public half no longer fits */
        text[1] = '8';
        folder_put(&folder, "bad.key", text, 0600, path);
        refuse(path, -EKEYREJECTED);
        assert_non_null(strstr(keyfile_error(-EINVAL), "64 numbers"));
        assert_non_null(strstr(keyfile_error(-EKEYREJECTED), "halves"));
}

static void a_refusal_names_its_source(void **state _unused_) {
        SignKey *k = NULL;
        KeySource source;

        setenv("PRIVATE_KEY", "[1]", 1);
        assert_int_equal(keyfile_load("test.key", "/nonexistent/file.key", &k, &source), -EINVAL);
        assert_int_equal(source, KEY_ENVIRONMENT);
        assert_int_equal(keyfile_load("test.key", "/nonexistent/file.key", &k, &source), -ENOENT);
        assert_int_equal(source, KEY_CREATED);
}

static void seeds_come_the_same_way_but_from_no_variable(void **state _unused_) {
        _cleanup_(folder_done) Folder credentials = folder_new();
        _cleanup_(folder_done) Folder folder = folder_new();
        static const char written[] = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA\n";
        uint8_t seed[KEYFILE_SEED_SIZE], again[KEYFILE_SEED_SIZE];
        char credential[256], path[256];
        KeySource source;

        set_environment(2);
        (void)snprintf(path, sizeof(path), "%s/seed", folder.path);
        assert_int_equal(keyfile_load_seed("seed", path, seed, &source), 0);
        assert_int_equal(source, KEY_CREATED);
        assert_int_equal(keyfile_load_seed("seed", path, again, &source), 0);
        assert_int_equal(source, KEY_FILE);
        assert_memory_equal(seed, again, sizeof(seed));
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(keyfile_load_seed("seed", path, again, NULL), -EPERM);

        folder_put(&credentials, "seed", written, 0400, credential);
        setenv("CREDENTIALS_DIRECTORY", credentials.path, 1);
        assert_int_equal(keyfile_load_seed("seed", path, seed, &source), 0);
        assert_int_equal(source, KEY_CREDENTIAL);
        assert_int_equal(seed[31], 32);
        folder_put(&credentials, "short", "AQID\n", 0400, credential);
        assert_int_equal(keyfile_load_seed("short", path, seed, NULL), -EINVAL);
        unsetenv("CREDENTIALS_DIRECTORY");
        unsetenv("PRIVATE_KEY");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(credential_then_environment_then_file),
                cmocka_unit_test(with_other_credentials_only_the_file_is_read),
                cmocka_unit_test(the_environment_forgets_the_key_once_read),
                cmocka_unit_test(an_empty_variable_is_none),
                cmocka_unit_test(a_new_key_is_written_once),
                cmocka_unit_test(where_no_file_can_be_made_there_is_no_key),
                cmocka_unit_test(a_file_others_can_read_is_refused),
                cmocka_unit_test(what_is_no_key_is_refused),
                cmocka_unit_test(a_refusal_names_its_source),
                cmocka_unit_test(seeds_come_the_same_way_but_from_no_variable),
        };

        unsetenv("PRIVATE_KEY");
        unsetenv("CREDENTIALS_DIRECTORY");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
