/* Rules of websites: what is accepted, how it is spelled, and what is wrong with the rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "wire/rules.h"

static char reason[RULES_REASON_SIZE];

static void expect_spelling(const char *text, const char *spelling) {
        char got[RULES_SIZE + 1];
        Rules r;

        assert_int_equal(rules_parse(text, &r, reason), 0);
        assert_string_equal(rules_format(&r, got), spelling);
}

static void expect_refused(const char *text, const char *why) {
        Rules r = { .n = 7 };

        assert_int_equal(rules_parse(text, &r, reason), -EINVAL);
        assert_string_equal(reason, why);
        assert_int_equal(r.n, 7);
}

static void nothing_is_no_rule(void **state _unused_) {
        Rules r;

        assert_int_equal(rules_parse("", &r, reason), 0);
        assert_int_equal(r.n, 0);
        expect_spelling(" ,\t\n, ", "");
}

static void clauses_are_read(void **state _unused_) {
        Rules r;

        assert_int_equal(rules_parse("region=eu|us, asn!=64500 operator>=2", &r, reason), 0);
        assert_int_equal(r.n, 3);
        assert_int_equal(r.items[0].key, RULE_REGION);
        assert_int_equal(r.items[0].sense, RULE_IS);
        assert_int_equal(r.items[0].n, 2);
        assert_string_equal(rules_value(&r, &r.items[0], 0), "eu");
        assert_string_equal(rules_value(&r, &r.items[0], 1), "us");
        assert_int_equal(r.items[1].key, RULE_ASN);
        assert_int_equal(r.items[1].sense, RULE_IS_NOT);
        assert_string_equal(rules_value(&r, &r.items[1], 0), "64500");
        assert_int_equal(r.items[2].sense, RULE_LEAST);
        assert_int_equal(rules_least(&r, RULE_OPERATOR), 2);
        assert_int_equal(rules_least(&r, RULE_REGION), 0);
}

static void there_is_one_spelling(void **state _unused_) {
        expect_spelling("region=us|eu|us", "region=eu|us");
        expect_spelling("tag!=b,region>=02  asn=0064500", "asn=64500 region>=2 tag!=b");
        expect_spelling("region=eu region=\"eu\"", "region=eu");
        expect_spelling("operator=\"Acme, Ltd\"|acme", "operator=\"Acme, Ltd\"|acme");
        expect_spelling("tag=region=eu tag=\"a|b\"", "tag=\"a|b\" tag=region=eu");
        expect_spelling("operator=M\xc3\xbcller", "operator=M\xc3\xbcller");
}

static void the_wrong_clause_is_named(void **state _unused_) {
        expect_refused("region=eu colour=red", "The rule \"colour=red\" is about nothing known: "
                                               "rules are about region, asn, operator and tag");
        expect_refused("Region=eu", "The rule \"Region=eu\" is about nothing known: rules are about"
                                    " region, asn, operator and tag");
        expect_refused("region", "The rule \"region\" has none of the operators =, != and >=");
        expect_refused("region eu=1", "The rule \"region\" has none of the operators =, != and >=");
        expect_refused("asn<3", "The rule \"asn<3\" has none of the operators =, != and >=");
        expect_refused("asn>3", "The rule \"asn>3\" has none of the operators =, != and >=");
        expect_refused("region=", "The rule \"region=\" has an empty value");
        expect_refused("region=eu||us", "The rule \"region=eu||us\" has an empty value");
        expect_refused("region=\"\"", "The rule \"region=\"\"\" has an empty value");
        expect_refused("asn=eu", "The rule \"asn=eu\" names something that is no AS number");
        expect_refused("asn=4294967296",
                       "The rule \"asn=4294967296\" names something that is no AS number");
        expect_refused("asn>=0", "The rule \"asn>=0\" asks for no number from 1 to 16");
        expect_refused("asn>=17", "The rule \"asn>=17\" asks for no number from 1 to 16");
        expect_refused("asn>=2|3", "The rule \"asn>=2|3\" asks for no number from 1 to 16");
        expect_refused("tag>=2", "The rule \"tag>=2\" counts tags: a validator declares them "
                                 "itself, so they never count");
        expect_refused("asn>=2 asn>=3", "The rule \"asn>=3\" says a second time how many different "
                                        "ones there have to be");
        expect_refused("operator=\"Acme",
                       "The rule \"operator=\"Acme\" has a quotation mark without its fellow");
        expect_refused("operator=Ac\"me",
                       "The rule \"operator=Ac\"me\" has a quotation mark without its fellow");
        expect_refused("operator=\"Acme\"Ltd",
                       "The rule \"operator=\"Acme\"Ltd\" goes on after a quoted value");
        expect_refused("tag=a\x01", "The rule \"tag=a?\" has a control character");
}

static void lengths_and_numbers_have_limits(void **state _unused_) {
        char text[RULES_SIZE + 2], long_clause[200] = "tag=";
        Rules r;

        memset(text, ' ', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        expect_refused(text, "There may be 512 bytes of rules");
        text[RULES_SIZE] = '\0';
        assert_int_equal(rules_parse(text, &r, reason), 0);

        memset(long_clause + 4, 'x', 64);
        assert_int_equal(rules_parse(long_clause, &r, reason), 0);
        memset(long_clause + 4, 'x', 150);
        assert_int_equal(rules_parse(long_clause, &r, reason), -EINVAL);
        assert_non_null(strstr(reason, "xxx...\" has a value of more than 64 bytes"));

        for (size_t i = 0; i < RULES_MAX + 1; i++)
                memcpy(text + 6 * i, "tag=a ", 7);
        expect_refused(text, "The rule \"tag=a\" is one too many: there may be 16");
        memcpy(text, "asn=1", 6);
        for (size_t i = 1; i < RULES_VALUES_MAX; i++)
                memcpy(text + 3 + 2 * i, "|1", 3);
        assert_int_equal(rules_parse(text, &r, reason), 0);
        memcpy(text + 3 + 2 * RULES_VALUES_MAX, "|1", 3);
        assert_int_equal(rules_parse(text, &r, reason), -EINVAL);
        assert_non_null(strstr(reason, "names one value too many: there may be 64 in all"));
}

static void more_than_the_seats_cannot_be_asked_for(void **state _unused_) {
        Rules r;

        assert_int_equal(rules_check("region>=4 asn>=3", 4, &r, reason), 0);
        assert_int_equal(r.n, 2);
        assert_int_equal(rules_check("asn>=2 region>=5", 4, NULL, reason), -EINVAL);
        assert_string_equal(reason, "The rule \"region>=5\" asks for more than the website's seats,"
                                    " which are 4");
        assert_int_equal(rules_check("asn", 4, NULL, reason), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_no_rule),
                cmocka_unit_test(clauses_are_read),
                cmocka_unit_test(there_is_one_spelling),
                cmocka_unit_test(the_wrong_clause_is_named),
                cmocka_unit_test(lengths_and_numbers_have_limits),
                cmocka_unit_test(more_than_the_seats_cannot_be_asked_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
