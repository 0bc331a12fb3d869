/* What reaches stderr, and the journal when stderr is one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/macro.h"

typedef void (*Logging)(void);

/* Runs f with stderr in a file and returns what it wrote, the leading time cut off. */
static const char *capture(Logging f, char *buffer, size_t size) {
        FILE *file = tmpfile();
        int saved = dup(STDERR_FILENO);
        size_t n;

        assert_non_null(file);
        fflush(stderr);
        dup2(fileno(file), STDERR_FILENO);
        f();
        dup2(saved, STDERR_FILENO);
        close(saved);
        rewind(file);
        n = fread(buffer, 1, size - 1, file);
        fclose(file);
        buffer[n] = '\0';
        return n > 28 ? buffer + 28 : buffer;
}

static void log_with_fields(void) {
        log_event(LOG_WARNING, DPIN_MSG_BAD_SIGNATURE, "A signature is wrong",
                  "DPIN_VALIDATOR=%s\nDPIN_COUNT=%d", "abc", 7);
}

static void an_event_is_one_line_with_its_fields(void **state _unused_) {
        char buffer[512];

        assert_string_equal(capture(log_with_fields, buffer, sizeof(buffer)),
                            "warning: A signature is wrong DPIN_VALIDATOR=abc DPIN_COUNT=7\n");
        assert_int_equal(buffer[10], 'T');
        assert_int_equal(buffer[26], 'Z');
}

static void log_without_fields(void) {
        log_event(LOG_NOTICE, DPIN_MSG_STARTED, "Started", NULL);
}

static void an_event_needs_no_fields(void **state _unused_) {
        char buffer[512];

        assert_string_equal(capture(log_without_fields, buffer, sizeof(buffer)),
                            "notice: Started\n");
}

static void log_foreign_text(void) {
        log_event(LOG_INFO, DPIN_MSG_FRAME_REFUSED, "Refused", "DPIN_A=%s\nDPIN_B=%s",
                  "x\nDPIN_FORGED=1\x1b[2J", "connection lost\n");
}

static void foreign_text_cannot_forge_lines_or_move_the_cursor(void **state _unused_) {
        char buffer[512];

        assert_string_equal(capture(log_foreign_text, buffer, sizeof(buffer)),
                            "info: Refused DPIN_A=x?DPIN_FORGED=1?[2J DPIN_B=connection lost\n");
}

static void log_separator(void) {
        log_event(LOG_INFO, DPIN_MSG_FRAME_REFUSED, "Refused", "DPIN_A=%s\nDPIN_B=%s",
                  "x\x1e"
                  "DPIN_FORGED=1",
                  "y");
}

static void the_inner_separator_makes_one_field_of_all(void **state _unused_) {
        char buffer[512];

        assert_string_equal(capture(log_separator, buffer, sizeof(buffer)),
                            "info: Refused DPIN_FIELDS=DPIN_A=x?DPIN_FORGED=1?DPIN_B=y\n");
}

static void log_many_fields(void) {
        log_event(LOG_INFO, DPIN_MSG_SUMMARY, "Many",
                  "A=1\nA=2\nA=3\nA=4\nA=5\nA=6\nA=7\nA=8\nA=9\nA=10\nA=11\nA=12\nA=13\n"
                  "A=14\nA=15\nA=16\nA=17\nA=18\nA=19\nA=20\nA=21\nA=22\nA=23\nA=24\nA=%d\nA=26",
                  25);
}

static void fields_over_the_limit_share_the_last_one(void **state _unused_) {
        char buffer[512];

        assert_non_null(strstr(capture(log_many_fields, buffer, sizeof(buffer)),
                               " A=23 A=24?A=25?A=26\n"));
}

static void log_all_levels(void) {
        log_debug("d%d", 1);
        log_info("i\t%s", "2");
        log_warning("w");
        log_error("e\n");
}

static void messages_above_the_level_are_dropped(void **state _unused_) {
        char buffer[512];

        assert_int_equal(log_get_level(), LOG_INFO);
        capture(log_all_levels, buffer, sizeof(buffer));
        assert_null(strstr(buffer, "d1"));
        assert_non_null(strstr(buffer, "info: i?2\n"));
        assert_non_null(strstr(buffer, "warning: w\n"));
        assert_non_null(strstr(buffer, "err: e\n"));
        log_set_level(LOG_DEBUG);
        capture(log_all_levels, buffer, sizeof(buffer));
        assert_non_null(strstr(buffer, "debug: d1\n"));
        log_set_level(LOG_ERR);
        assert_string_equal(capture(log_all_levels, buffer, sizeof(buffer)), "err: e\n");
        assert_string_equal(capture(log_with_fields, buffer, sizeof(buffer)), "");
        log_set_level(LOG_INFO);
}

static void levels_have_the_names_of_syslog(void **state _unused_) {
        assert_int_equal(log_set_level_name("debug"), 0);
        assert_int_equal(log_get_level(), LOG_DEBUG);
        assert_int_equal(log_set_level_name("emerg"), 0);
        assert_int_equal(log_get_level(), LOG_EMERG);
        assert_int_equal(log_set_level_name("info"), 0);
        assert_int_equal(log_set_level_name("loud"), -EINVAL);
        assert_int_equal(log_set_level_name(""), -EINVAL);
        assert_int_equal(log_get_level(), LOG_INFO);
        assert_string_equal(log_level_name(LOG_WARNING), "warning");
        assert_string_equal(log_level_name(99), "debug");
        assert_string_equal(log_level_name(-1), "emerg");
}

static void a_foreign_journal_stream_changes_nothing(void **state _unused_) {
        char buffer[512];

        setenv("JOURNAL_STREAM", "1:2", 1);
        assert_string_equal(capture(log_without_fields, buffer, sizeof(buffer)),
                            "notice: Started\n");
        setenv("JOURNAL_STREAM", "nonsense", 1);
        assert_string_equal(capture(log_without_fields, buffer, sizeof(buffer)),
                            "notice: Started\n");
        unsetenv("JOURNAL_STREAM");
}

static void log_to_the_journal(void) {
        char stream[64];
        struct stat st;

        assert_int_equal(fstat(STDERR_FILENO, &st), 0);
        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
        log_with_fields();
        log_debug("dropped");
        unsetenv("JOURNAL_STREAM");
}

static void what_goes_to_the_journal_is_not_on_stderr_as_well(void **state _unused_) {
        char buffer[512];

        assert_string_equal(capture(log_to_the_journal, buffer, sizeof(buffer)), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_event_is_one_line_with_its_fields),
                cmocka_unit_test(an_event_needs_no_fields),
                cmocka_unit_test(foreign_text_cannot_forge_lines_or_move_the_cursor),
                cmocka_unit_test(the_inner_separator_makes_one_field_of_all),
                cmocka_unit_test(fields_over_the_limit_share_the_last_one),
                cmocka_unit_test(messages_above_the_level_are_dropped),
                cmocka_unit_test(levels_have_the_names_of_syslog),
                cmocka_unit_test(a_foreign_journal_stream_changes_nothing),
                cmocka_unit_test(what_goes_to_the_journal_is_not_on_stderr_as_well),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
