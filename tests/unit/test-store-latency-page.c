/* Sums become points: where they belong, what is left out, and how numbers are written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/latency-page.h"

#define HOUR  (488888 * USEC_PER_HOUR) /* 2025-10-09T08:00Z */
#define ZERO8 "0000000000000000"
#define ONE8  "0000000000000001"
#define NONE  "00000000" ZERO8 ZERO8 ZERO8 ZERO8 ZERO8
#define SUMS                                                                                       \
        "00000003"                                                                                 \
        "0000000000000bb8"                                                                         \
        "000000000001e240" ONE8 ZERO8 "00000000000003e9"
#define LINE                                                                                       \
        "00000002"                                                                                 \
        "00000000000007d1"
#define EMPTY "00000000" ZERO8

static LatencyPage *new_page(usec_t window, usec_t width) {
        const LatencySpan span = { .begin = HOUR + 20 * USEC_PER_MIN,
                                   .end = HOUR + 3 * USEC_PER_HOUR,
                                   .window = window,
                                   .width = width };
        LatencyPage *p;

        assert_int_equal(latency_page_new(&p, &span), 0);
        return p;
}

static void expect_page(const LatencyPage *p, const char *text) {
        _cleanup_free_ char *json = NULL;
        size_t n;

        assert_int_equal(latency_page_write(p, &json, &n), 0);
        assert_string_equal(json, text);
        assert_int_equal(strlen(json), n);
}

static void a_page_of_nothing(void **state) {
        _cleanup_(latency_page_freep) LatencyPage *p = new_page(USEC_PER_HOUR, USEC_PER_MIN);

        (void)state;
        assert_int_equal(latency_page_name(p, 1, "\"name\":\"a\""), 0);
        expect_page(p, "{\"bucketMs\":60000,\"phases\":[],\"validators\":[]}");
}

static void means_are_of_whole_microseconds(void **state) {
        _cleanup_(latency_page_freep) LatencyPage *p = new_page(USEC_PER_HOUR, USEC_PER_MIN);

        (void)state;
        assert_int_equal(latency_page_add_points(p, HOUR + USEC_PER_HOUR, SUMS), 0);
        expect_page(p, "{\"bucketMs\":60000,\"phases\":[{\"at\":\"2025-10-09T09:00:00.000000Z\","
                       "\"dns\":1,\"connect\":41.152,\"tls\":0,\"wait\":0,\"transfer\":0.334,"
                       "\"count\":3}],\"validators\":[]}");
}

/* Two points and two ticks: 2001 / 2 is even, 3 + 2001 of 3 ticks round to 668. */
static void lines_are_by_validator_and_where_there_are_points(void **state) {
        _cleanup_(latency_page_freep) LatencyPage *p = new_page(USEC_PER_DAY, 15 * USEC_PER_MIN);
        const char *ticks = "00000001" ONE8 ONE8 ZERO8 ZERO8 ONE8;

        (void)state;
        assert_int_equal(latency_page_add_line(p, 7, HOUR + USEC_PER_HOUR, LINE), 0);
        assert_int_equal(latency_page_add_line(p, 7, HOUR + 2 * USEC_PER_HOUR, LINE), 0);
        assert_int_equal(latency_page_add_ticks(p, 7, HOUR + USEC_PER_HOUR, ticks), 0);
        assert_int_equal(latency_page_add_line(p, 3, HOUR + USEC_PER_HOUR, LINE), 0);
        assert_int_equal(latency_page_add_line(p, 5, HOUR + USEC_PER_HOUR, LINE), 0);
        assert_int_equal(latency_page_add_line(p, 9, HOUR + USEC_PER_HOUR, EMPTY), 0);
        assert_int_equal(latency_page_name(p, 7, "\"name\":\"g\""), 0);
        assert_int_equal(latency_page_name(p, 3, "\"name\":\"c\""), 0);
        assert_int_equal(latency_page_name(p, 9, "\"name\":\"i\""), 0);
        expect_page(p,
                    "{\"bucketMs\":900000,\"phases\":[{\"at\":\"2025-10-09T09:00:00.000000Z\","
                    "\"dns\":0.001,\"connect\":0.001,\"tls\":0,\"wait\":0,\"transfer\":0.001,"
                    "\"count\":1}],\"validators\":[{\"name\":\"c\",\"points\":[{\"at\":"
                    "\"2025-10-09T09:00:00.000000Z\",\"latency\":1}]},{\"name\":\"g\","
                    "\"points\":[{\"at\":\"2025-10-09T09:00:00.000000Z\",\"latency\":0.668}]}]}");
}

static void of_hours_the_quarters_within_count(void **state) {
        _cleanup_(latency_page_freep) LatencyPage *p = new_page(USEC_PER_DAY, 15 * USEC_PER_MIN);

        (void)state;
        assert_int_equal(latency_page_add_hour(p, HOUR, ""), 0);
        assert_int_equal(latency_page_add_hour(p, HOUR + 3 * USEC_PER_HOUR, SUMS NONE NONE NONE),
                         0);
        expect_page(p, "{\"bucketMs\":900000,\"phases\":[],\"validators\":[]}");
        assert_int_equal(latency_page_add_hour(p, HOUR,
                                               SUMS SUMS SUMS NONE /* the second began before */
                                               "00000004" LINE LINE LINE LINE),
                         0);
        assert_int_equal(latency_page_name(p, 4, "\"name\":\"d\""), 0);
        expect_page(p, "{\"bucketMs\":900000,\"phases\":[{\"at\":\"2025-10-09T08:30:00.000000Z\","
                       "\"dns\":1,\"connect\":41.152,\"tls\":0,\"wait\":0,\"transfer\":0.334,"
                       "\"count\":3}],\"validators\":[{\"name\":\"d\",\"points\":[{\"at\":"
                       "\"2025-10-09T08:30:00.000000Z\",\"latency\":1}]}]}");
}

static void what_is_outside_of_the_window_is_left_out(void **state) {
        _cleanup_(latency_page_freep) LatencyPage *p = new_page(USEC_PER_HOUR, USEC_PER_MIN);
        const usec_t outside[] = { HOUR + 19 * USEC_PER_MIN, HOUR + 3 * USEC_PER_HOUR, 0,
                                   USEC_INFINITY };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(outside); i++)
                assert_int_equal(latency_page_add_ticks(p, 1, outside[i], SUMS), 0);
        expect_page(p, "{\"bucketMs\":60000,\"phases\":[],\"validators\":[]}");
}

static void the_largest_numbers_fit(void **state) {
        _cleanup_(latency_page_freep) LatencyPage *p = new_page(USEC_PER_HOUR, USEC_PER_MIN);
        const char *large = "00000001"
                            "7fffffffffffffff"
                            "7fffffffffffffff"
                            "7fffffffffffffff"
                            "7fffffffffffffff"
                            "7fffffffffffffff";
        _cleanup_free_ char *json = NULL;
        size_t n;

        (void)state;
        for (usec_t i = 0; i < 120; i++)
                assert_int_equal(latency_page_add_points(p, HOUR + (20 + i) * USEC_PER_MIN, large),
                                 0);
        assert_int_equal(latency_page_write(p, &json, &n), 0);
        assert_non_null(strstr(json, "\"dns\":9223372036854775.808,"));
}

static void what_is_no_sum_is_refused(void **state) {
        _cleanup_(latency_page_freep) LatencyPage *p = new_page(USEC_PER_HOUR, USEC_PER_MIN);
        const char *const bad[] = { "0",
                                    "000000030000000000000bb",
                                    SUMS "0",
                                    SUMS SUMS SUMS,
                                    SUMS SUMS SUMS NONE "00000001" LINE,
                                    "0000000g" ZERO8 ZERO8 ZERO8 ZERO8 ZERO8,
                                    LINE };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(latency_page_add_hour(p, HOUR, bad[i]), -EBADMSG);
                assert_int_equal(latency_page_add_points(p, HOUR, bad[i]), -EBADMSG);
                assert_int_equal(latency_page_add_ticks(p, 1, HOUR, bad[i]), -EBADMSG);
        }
        assert_int_equal(latency_page_add_line(p, 1, HOUR, SUMS), -EBADMSG);
        assert_int_equal(latency_page_add_points(p, HOUR, ""), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_page_of_nothing),
                cmocka_unit_test(means_are_of_whole_microseconds),
                cmocka_unit_test(lines_are_by_validator_and_where_there_are_points),
                cmocka_unit_test(of_hours_the_quarters_within_count),
                cmocka_unit_test(what_is_outside_of_the_window_is_left_out),
                cmocka_unit_test(the_largest_numbers_fit),
                cmocka_unit_test(what_is_no_sum_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
