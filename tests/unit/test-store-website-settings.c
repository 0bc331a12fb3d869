/* Limits of what is set for a website: the same for every door. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "store/website-settings.h"

static void expect_fault(const WebsiteSettings *s, const char *bus) {
        WebsiteFault fault = { 0 };

        assert_int_equal(website_settings_check(s, &fault), -EINVAL);
        assert_string_equal(fault.bus, bus);
        assert_non_null(fault.json);
        assert_int_equal(strncmp(fault.expected, "must be ", 8), 0);
}

static void defaults_are_fine(void **state _unused_) {
        WebsiteSettings s = WEBSITE_SETTINGS_DEFAULT;
        WebsiteFault fault;

        assert_int_equal(website_settings_check(&s, &fault), 0);
        assert_int_equal(website_settings_timeout(&s), 10000);
        s.interval_ms = 10000;
        assert_int_equal(website_settings_timeout(&s), 5000);
        s.timeout_ms = 400;
        assert_int_equal(website_settings_timeout(&s), 400);
}

static void every_number_has_both_limits(void **state _unused_) {
        size_t n = 0;

        for (const WebsiteNumber *number = website_numbers; number->json; number++, n++) {
                WebsiteSettings s = WEBSITE_SETTINGS_DEFAULT;
                WebsiteFault fault;

                s.interval_ms = WEBSITE_INTERVAL_MAX_MS;
                *website_number(&s, number) = number->max;
                assert_int_equal(website_settings_check(&s, &fault), 0);
                *website_number(&s, number) = number->max + 1;
                expect_fault(&s, number->bus);
                if (number->min < 2)
                        continue; /* zero may mean that it is not set */
                *website_number(&s, number) = number->min - 1;
                expect_fault(&s, number->bus);
        }
        assert_int_equal(n, WEBSITE_NUMBERS);
}

static void what_must_not_be_zero_is_not(void **state _unused_) {
        WebsiteSettings s = WEBSITE_SETTINGS_DEFAULT;

        s.seats = 0;
        expect_fault(&s, "seats");
        s = WEBSITE_SETTINGS_DEFAULT;
        s.confirm_up = 0;
        expect_fault(&s, "confirm_up");
        s = WEBSITE_SETTINGS_DEFAULT;
        s.family = 5;
        expect_fault(&s, "family");
        s = WEBSITE_SETTINGS_DEFAULT;
        s.interval_ms = 10000;
        s.timeout_ms = 5001;
        expect_fault(&s, "timeout_ms");
}

static void texts_are_printable_and_short(void **state _unused_) {
        char text[RULES_SIZE + 2] = "";
        WebsiteSettings s = WEBSITE_SETTINGS_DEFAULT;

        s.name = "a\nb";
        expect_fault(&s, "name");
        memset(text, 'x', WEBSITE_NAME_MAX + 1);
        s.name = text;
        expect_fault(&s, "name");
        s.name = "";
        memset(text, 'x', RULES_SIZE + 1);
        s.rules = text;
        expect_fault(&s, "rules");
}

static void tags_are_few_short_and_plain(void **state _unused_) {
        static const char *const good[] = { "",
                                            "a",
                                            "a.b_c-9,z",
                                            "a,a",
                                            "0123456789abcdef0123456789abcdef",
                                            "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16" };
        static const char *const bad[] = { ",",
                                           "a,",
                                           ",a",
                                           "a,,b",
                                           "A",
                                           "a b",
                                           "\xc3\xa9",
                                           "a\n",
                                           "0123456789abcdef0123456789abcdefg",
                                           "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17" };
        WebsiteSettings s = WEBSITE_SETTINGS_DEFAULT;
        WebsiteFault fault;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                s.tags = good[i];
                assert_int_equal(website_settings_check(&s, &fault), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                s.tags = bad[i];
                expect_fault(&s, "tags");
        }
}

static void rules_are_judged_clause_by_clause(void **state _unused_) {
        WebsiteSettings s = WEBSITE_SETTINGS_DEFAULT;
        WebsiteFault fault;

        s.rules = "region=eu asn>=4";
        assert_int_equal(website_settings_check(&s, &fault), 0);
        s.rules = "region=eu colour=red";
        assert_int_equal(website_settings_check(&s, &fault), -EINVAL);
        assert_string_equal(fault.json, "rules");
        assert_string_equal(fault.expected,
                            "must be rules: the rule \"colour=red\" is about nothing known: rules "
                            "are about region, asn, operator and tag");
        s.rules = "asn>=4";
        s.seats = 3;
        assert_int_equal(website_settings_check(&s, &fault), -EINVAL);
        assert_string_equal(fault.expected,
                            "must be rules: the rule \"asn>=4\" asks for more than the website's "
                            "seats, which are 3");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_are_fine),
                cmocka_unit_test(every_number_has_both_limits),
                cmocka_unit_test(what_must_not_be_zero_is_not),
                cmocka_unit_test(texts_are_printable_and_short),
                cmocka_unit_test(tags_are_few_short_and_plain),
                cmocka_unit_test(rules_are_judged_clause_by_clause),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
