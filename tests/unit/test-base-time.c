/* Clocks and the written form of a moment. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/time.h"

static void a_moment_is_written_in_utc_with_microseconds(void **state _unused_) {
        char text[TIME_FORMAT_SIZE];

        assert_string_equal(time_format(0, text), "1970-01-01T00:00:00.000000Z");
        assert_string_equal(time_format(1767323045 * USEC_PER_SEC + 6, text),
                            "2026-01-02T03:04:05.000006Z");
        assert_string_equal(time_format(951782400 * USEC_PER_SEC - 1, text),
                            "2000-02-28T23:59:59.999999Z");
        assert_ptr_equal(time_format(951782400 * USEC_PER_SEC, text), text);
        assert_string_equal(text, "2000-02-29T00:00:00.000000Z");
}

static void the_local_time_zone_does_not_matter(void **state _unused_) {
        char text[TIME_FORMAT_SIZE];

        setenv("TZ", "Asia/Kathmandu", 1);
        tzset();
        assert_string_equal(time_format(0, text), "1970-01-01T00:00:00.000000Z");
        unsetenv("TZ");
        tzset();
}

static void the_greatest_time_fits(void **state _unused_) {
        char text[TIME_FORMAT_SIZE];

        assert_string_equal(time_format(USEC_INFINITY, text), "586524-01-19T08:01:49.551615Z");
}

static void what_is_written_is_read(void **state _unused_) {
        static const usec_t times[] = { 0, 1, 951782400 * USEC_PER_SEC - 1,
                                        1767323045 * USEC_PER_SEC + 6,
                                        253402300800 * USEC_PER_SEC - 1 };
        char text[TIME_FORMAT_SIZE];
        usec_t again = 42;

        for (size_t i = 0; i < ELEMENTSOF(times); i++) {
                assert_int_equal(time_parse(time_format(times[i], text), &again), 0);
                assert_int_equal(again, times[i]);
        }
}

static void offsets_and_parts_of_seconds_are_read(void **state _unused_) {
        static const struct {
                const char *text;
                usec_t time;
        } times[] = {
                { "2026-01-02T03:04:05Z", 1767323045 * USEC_PER_SEC },
                { "2026-01-02t03:04:05z", 1767323045 * USEC_PER_SEC },
                { "2026-01-02T04:34:05+01:30", 1767323045 * USEC_PER_SEC },
                { "2026-01-01T22:04:05-05:00", 1767323045 * USEC_PER_SEC },
                { "2026-01-02T03:04:05.5Z", 1767323045 * USEC_PER_SEC + 500000 },
                { "2026-01-02T03:04:05.123456789Z", 1767323045 * USEC_PER_SEC + 123456 },
                { "2000-02-29T00:00:00Z", 951782400 * USEC_PER_SEC },
                { "1970-01-01T00:30:00+00:30", 0 },
        };
        usec_t time;

        for (size_t i = 0; i < ELEMENTSOF(times); i++) {
                assert_int_equal(time_parse(times[i].text, &time), 0);
                assert_int_equal(time, times[i].time);
        }
}

static void what_is_no_time_is_refused(void **state _unused_) {
        static const char *const texts[] = {
                "",
                "now",
                "2026",
                "2026-01-02",
                "2026-01-02T03:04:05",
                "2026-01-02 03:04:05Z",
                "2026-01-02T03:04Z",
                "2026-01-02T03:04:05.Z",
                "2026-01-02T03:04:05.1234567890Z",
                "2026-01-02T03:04:05Z ",
                " 2026-01-02T03:04:05Z",
                "2026-01-02T03:04:05+1:00",
                "2026-01-02T03:04:05+24:00",
                "2026-01-02T03:04:05+00:60",
                "2026-01-02T03:04:05+0000",
                "2026-01-02T24:00:00Z",
                "2026-01-02T03:60:00Z",
                "2026-01-02T03:04:60Z",
                "2026-02-29T00:00:00Z",
                "2026-13-01T00:00:00Z",
                "2026-00-01T00:00:00Z",
                "2026-01-00T00:00:00Z",
                "2026-01-32T00:00:00Z",
                "1969-12-31T23:59:59Z",
                "1970-01-01T00:29:59+00:30",
                "+026-01-02T03:04:05Z",
                "02026-01-02T03:04:05Z",
        };
        usec_t time = 42;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(time_parse(texts[i], &time), -EINVAL);
        assert_int_equal(time, 42);
}

static void the_real_clock_is_the_one_of_the_system(void **state _unused_) {
        time_t before = time(NULL);
        usec_t now = now_realtime();

        assert_true(now >= (usec_t)before * USEC_PER_SEC);
        assert_true(now < ((usec_t)before + 60) * USEC_PER_SEC);
}

static void the_boot_clock_never_goes_back(void **state _unused_) {
        usec_t last = now_boottime();

        struct timespec ts;

        clock_gettime(CLOCK_BOOTTIME, &ts);
        assert_true((usec_t)ts.tv_sec * USEC_PER_SEC < last + USEC_PER_MIN);
        assert_true(last <= ((usec_t)ts.tv_sec + 1) * USEC_PER_SEC);
        for (int i = 0; i < 1000; i++) {
                usec_t now = now_boottime();

                assert_true(now >= last && now < last + USEC_PER_MIN);
                last = now;
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_moment_is_written_in_utc_with_microseconds),
                cmocka_unit_test(the_local_time_zone_does_not_matter),
                cmocka_unit_test(the_greatest_time_fits),
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(offsets_and_parts_of_seconds_are_read),
                cmocka_unit_test(what_is_no_time_is_refused),
                cmocka_unit_test(the_real_clock_is_the_one_of_the_system),
                cmocka_unit_test(the_boot_clock_never_goes_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
