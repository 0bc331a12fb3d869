/* Whom rules admit, by what is known of a candidate and what it declares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/rules.h"

static uint64_t tags[2];
static Candidate someone;

static int make_someone(void **state _unused_) {
        tags[0] = text_id("ssd");
        tags[1] = text_id("region=us"); /* what it says of itself */
        someone = (Candidate){ .validator = 1,
                               .operator_id = text_id("Acme, Ltd"),
                               .asn = 64500,
                               .region = (uint32_t)text_id("eu"),
                               .tags = tags,
                               .n_tags = 2 };
        return 0;
}

static bool admits(const char *text, const Candidate *c) {
        _cleanup_(rule_set_freep) RuleSet *s = NULL;
        char reason[RULES_REASON_SIZE];
        Rules rules;

        assert_int_equal(rules_parse(text, &rules, reason), 0);
        assert_int_equal(rule_set_new(&s, &rules), 0);
        return rule_set_admits(s, c);
}

static void names_have_ids(void **state _unused_) {
        assert_int_equal(text_id(""), 0);
        assert_int_not_equal(text_id("a"), 0);
        assert_true(text_id("a") == text_id("a"));
        assert_true(text_id("a") != text_id("b"));
}

static void no_rule_admits_everybody(void **state _unused_) {
        const Candidate nobody = { .validator = 2 };
        Rules none = { .n = 0 };
        RuleSet *s = NULL;
        Minima minima;

        assert_int_equal(rule_set_new(&s, &none), 0);
        assert_null(s);
        assert_true(rule_set_admits(s, &nobody));
        minima = rule_set_minima(s);
        assert_false(minima_ask(&minima));
        assert_true(admits("region>=2 asn>=2", &nobody));
}

static void every_clause_has_to_hold(void **state _unused_) {
        assert_true(admits("region=eu", &someone));
        assert_true(admits("region=us|eu", &someone));
        assert_false(admits("region=us", &someone));
        assert_false(admits("region=EU", &someone));
        assert_true(admits("region!=us", &someone));
        assert_false(admits("region!=us|eu", &someone));
        assert_true(admits("asn=64500|64501", &someone));
        assert_false(admits("asn!=64500", &someone));
        assert_true(admits("operator=\"Acme, Ltd\"", &someone));
        assert_false(admits("operator!=\"Acme, Ltd\"", &someone));
        assert_true(admits("region=eu asn!=1 operator!=x", &someone));
        assert_false(admits("region=eu asn!=64500 operator!=x", &someone));
        assert_false(admits("region=eu region!=eu", &someone));
}

/* An address that could be anywhere is not "not there". */
static void what_is_not_known_satisfies_nothing(void **state _unused_) {
        const Candidate stranger = { .validator = 2 };

        assert_false(admits("region=eu", &stranger));
        assert_false(admits("region!=eu", &stranger));
        assert_false(admits("asn!=64500", &stranger));
        assert_false(admits("operator!=acme", &stranger));
}

static void tags_filter_and_are_no_region(void **state _unused_) {
        const Candidate stranger = { .validator = 2 };

        assert_true(admits("tag=ssd", &someone));
        assert_true(admits("tag=hdd|ssd", &someone));
        assert_false(admits("tag!=ssd", &someone));
        assert_false(admits("tag=ssd tag=hdd", &someone));
        assert_true(admits("tag=region=us", &someone));
        assert_false(admits("region=us", &someone));
        assert_true(admits("tag!=ssd", &stranger));
        assert_false(admits("tag=ssd", &stranger));
}

static void minima_are_told(void **state _unused_) {
        _cleanup_(rule_set_freep) RuleSet *s = NULL;
        char reason[RULES_REASON_SIZE];
        Rules rules;

        assert_int_equal(rules_parse("operator>=2 tag=a|b region>=3 region=x|y asn>=4", &rules,
                                     reason),
                         0);
        assert_int_equal(rule_set_new(&s, &rules), 0);
        assert_int_equal(rule_set_minima(s).regions, 3);
        assert_int_equal(rule_set_minima(s).asns, 4);
        assert_int_equal(rule_set_minima(s).operators, 2);
        assert_false(rule_set_admits(s, &someone));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(names_have_ids, make_someone),
                cmocka_unit_test_setup(no_rule_admits_everybody, make_someone),
                cmocka_unit_test_setup(every_clause_has_to_hold, make_someone),
                cmocka_unit_test_setup(what_is_not_known_satisfies_nothing, make_someone),
                cmocka_unit_test_setup(tags_filter_and_are_no_region, make_someone),
                cmocka_unit_test_setup(minima_are_told, make_someone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
