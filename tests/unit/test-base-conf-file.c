/* The sequence of settings that a file and its drop-ins are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf-file.h"
#include "folder-fixture.h"

typedef struct Seen {
        char text[1024];
        const char *refused; /* by name */
        const char *folder;  /* cut from places */
} Seen;

static int on_setting(void *userdata, const ConfSetting *s, char **error) {
        Seen *seen = userdata;
        size_t n = strlen(seen->text);

        if (seen->refused && strcmp(s->name, seen->refused) == 0)
                return conf_refuse(error, "%s: not %s", s->from, s->name);
        assert_memory_equal(s->from, seen->folder, strlen(seen->folder));
        snprintf(seen->text + n, sizeof(seen->text) - n, "%s=%s %s|", s->name, s->value,
                 s->from + strlen(seen->folder));
        return 0;
}

static int read_all(Seen *seen, const char *path, bool optional, char **error) {
        const ConfReader reader = { .setting = on_setting, .userdata = seen };

        *error = NULL;
        return conf_file_read(&reader, path, optional, error);
}

static void settings_come_with_their_places(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        Seen seen = { .folder = folder.path };
        char path[256], other[300];
        char *error;

        folder_put(&folder, "a.conf", "[Any]\nOne=1\n# no\n two = 2 ; yes\nTwo=\n", 0644, path);
        snprintf(other, sizeof(other), "%s.d", path);
        assert_int_equal(mkdir(other, 0755), 0);
        folder_put(&folder, "a.conf.d/2.conf", "C=c", 0644, other);
        folder_put(&folder, "a.conf.d/10.conf", "B=b", 0644, other);
        assert_int_equal(read_all(&seen, path, false, &error), 0);
        assert_string_equal(seen.text, "One=1 /a.conf:2|two=2 /a.conf:4|Two= /a.conf:5|"
                                       "B=b /a.conf.d/10.conf:1|C=c /a.conf.d/2.conf:1|");
}

static void the_reader_may_refuse(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        Seen seen = { .folder = folder.path, .refused = "Two" };
        _cleanup_free_ char *error = NULL, *expected = NULL;
        char path[256];

        folder_put(&folder, "a.conf", "One=1\nTwo=2\nThree=3\n", 0644, path);
        assert_int_equal(read_all(&seen, path, false, &error), -EINVAL);
        assert_true(asprintf(&expected, "%s:2: not Two", path) > 0);
        assert_string_equal(error, expected);
        assert_string_equal(seen.text, "One=1 /a.conf:1|");
}

static void only_what_is_optional_may_be_absent(void **state _unused_) {
        Seen seen = { .folder = "" };
        char *error;

        assert_int_equal(read_all(&seen, "/nonexistent/a.conf", true, &error), 0);
        assert_null(error);
        assert_int_equal(read_all(&seen, "/nonexistent/a.conf", false, &error), -EINVAL);
        assert_string_equal(error, "/nonexistent/a.conf: No such file or directory");
        free(error);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(settings_come_with_their_places),
                cmocka_unit_test(the_reader_may_refuse),
                cmocka_unit_test(only_what_is_optional_may_be_absent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
