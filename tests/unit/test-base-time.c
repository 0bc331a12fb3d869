/* Clocks and the written form of a moment. */
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
                cmocka_unit_test(the_real_clock_is_the_one_of_the_system),
                cmocka_unit_test(the_boot_clock_never_goes_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
