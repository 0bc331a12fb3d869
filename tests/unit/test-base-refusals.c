/* The first of its kind is logged, the rest is summed up once a minute; totals count all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/refusals.h"

#define START (10 * USEC_PER_HOUR)

typedef struct Summary {
        unsigned lines;
        uint64_t more;
        char code[128], source[128];
} Summary;

static void on_summary(const char *code, const char *source, uint64_t more, void *userdata) {
        Summary *s = userdata;

        s->lines++;
        s->more += more;
        snprintf(s->code, sizeof(s->code), "%s", code);
        snprintf(s->source, sizeof(s->source), "%s", source);
}

static void first_is_logged_the_rest_summed_up(void **state _unused_) {
        _cleanup_(refusals_freep) Refusals *r = NULL;
        Summary s = { 0 };

        assert_int_equal(refusals_new(&r), 0);
        assert_true(refusals_count(r, "bad", "a", START));
        assert_false(refusals_count(r, "bad", "a", START + 1));
        assert_false(refusals_count(r, "bad", "a", START + 2));
        assert_true(refusals_count(r, "bad", "b", START + 2));
        assert_true(refusals_count(r, "worse", "a", START + 2));

        refusals_summarise(r, START + USEC_PER_SEC, on_summary, &s);
        assert_int_equal(s.lines, 1);
        assert_int_equal(s.more, 2);
        assert_string_equal(s.code, "bad");
        assert_string_equal(s.source, "a");
        refusals_summarise(r, START + 2 * USEC_PER_SEC, on_summary, &s);
        assert_int_equal(s.lines, 1); /* nothing more since */
        assert_int_equal(refusals_total(r, "bad"), 4);
        assert_int_equal(refusals_total(r, "worse"), 1);
        assert_int_equal(refusals_total(r, "never"), 0);
}

static void after_a_minute_it_is_new_again(void **state _unused_) {
        _cleanup_(refusals_freep) Refusals *r = NULL;
        Summary s = { 0 };

        assert_int_equal(refusals_new(&r), 0);
        assert_true(refusals_count(r, "bad", "a", START));
        refusals_summarise(r, START + USEC_PER_MIN - 1, on_summary, &s);
        assert_false(refusals_count(r, "bad", "a", START + USEC_PER_MIN));
        refusals_summarise(r, START + USEC_PER_MIN, on_summary, &s);
        assert_int_equal(s.more, 1);
        assert_true(refusals_count(r, "bad", "a", START + USEC_PER_MIN + 1));
        assert_int_equal(refusals_total(r, "bad"), 3);
}

static void many_sources_share_a_line(void **state _unused_) {
        _cleanup_(refusals_freep) Refusals *r = NULL;
        char source[32];
        Summary s = { 0 };

        assert_int_equal(refusals_new(&r), 0);
        for (unsigned i = 0; i < REFUSALS_KINDS_MAX; i++) {
                snprintf(source, sizeof(source), "2001:db8::%x", i);
                assert_true(refusals_count(r, "bad", source, START));
        }
        assert_true(refusals_count(r, "bad", "one more", START)); /* as "others" */
        assert_false(refusals_count(r, "bad", "yet one more", START));
        refusals_summarise(r, START, on_summary, &s);
        assert_int_equal(s.lines, 1);
        assert_string_equal(s.source, "others");
        assert_int_equal(refusals_total(r, "bad"), REFUSALS_KINDS_MAX + 2);

        assert_false(refusals_count(r, "bad", "2001:db8::7", START)); /* it has its own line */
        refusals_summarise(r, START, on_summary, &s);
        assert_int_equal(s.lines, 2);
        assert_string_equal(s.source, "2001:db8::7");
}

static void on_total(const char *code, uint64_t count, void *userdata) {
        uint64_t *sum = userdata;

        *sum += strcmp(code, "bad") == 0 ? count : 100 * count;
}

static void totals_are_told_by_code(void **state _unused_) {
        _cleanup_(refusals_freep) Refusals *r = NULL;
        uint64_t sum = 0;

        assert_int_equal(refusals_new(&r), 0);
        refusals_totals(r, on_total, &sum);
        assert_int_equal(sum, 0);
        for (unsigned i = 0; i < 3; i++)
                refusals_count(r, "bad", "a", START);
        refusals_count(r, "bad", "b", START);
        refusals_count(r, "worse", "a", START);
        refusals_totals(r, on_total, &sum);
        assert_int_equal(sum, 104);
}

static void long_names_are_cut(void **state _unused_) {
        _cleanup_(refusals_freep) Refusals *r = NULL;
        char code[201], source[201];
        Summary s = { 0 };

        memset(code, 'c', 200);
        memset(source, 's', 200);
        code[200] = source[200] = '\0';
        assert_int_equal(refusals_new(&r), 0);
        assert_true(refusals_count(r, code, source, START));
        assert_false(refusals_count(r, code, source, START));
        refusals_summarise(r, START, on_summary, &s);
        assert_int_equal(strlen(s.code), 63);
        assert_int_equal(strlen(s.source), 63);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(first_is_logged_the_rest_summed_up),
                cmocka_unit_test(after_a_minute_it_is_new_again),
                cmocka_unit_test(many_sources_share_a_line),
                cmocka_unit_test(totals_are_told_by_code),
                cmocka_unit_test(long_names_are_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
