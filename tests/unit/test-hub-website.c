/* Rows become websites, or are refused whatever wrote them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/website.h"

static WebsiteRow row_fixture(void) {
        WebsiteRow row = { .id = 7,
                           .organisation = 3,
                           .public_id = { { 9 } },
                           .url = "https://example.org/",
                           .settings = WEBSITE_SETTINGS_DEFAULT,
                           .parent = 5,
                           .revision = 11 };

        row.settings.timeout_ms = 10000;
        return row;
}

static void a_row_says_all(void **state _unused_) {
        _cleanup_(website_done) Website w = { 0 };
        WebsiteRow row = row_fixture();
        SiteConf conf;

        row.settings.rules = "tag=b|a asn>=2";
        row.settings.slow_ms = 300;
        row.settings.confirm_down = 2;
        row.settings.confirm_up_ms = 5000;
        row.settings.certificate_warn_days = 0;
        assert_int_equal(website_fill(&w, &row), 0);
        assert_string_equal(w.url, row.url);
        assert_string_equal(rule_set_text(w.rule_set), "asn>=2 tag=a|b");
        assert_int_equal(w.type, CHECK_HTTP);
        assert_int_equal(w.parent, 5);
        assert_int_equal(w.revision, 11);
        conf = website_conf(&w, &row.settings, 6);
        assert_true(conf.interval == 60 * USEC_PER_SEC && conf.timeout == 10 * USEC_PER_SEC);
        assert_true(conf.slow == 300 * USEC_PER_MSEC && conf.confirm_up_time == 5 * USEC_PER_SEC);
        assert_int_equal(conf.confirm_down, 2);
        assert_int_equal(conf.minima.asns, 2);
        assert_int_equal(conf.certificate_days, 0);
        assert_int_equal(conf.flap_begins, 6);
        assert_false(conf.push);
}

/* What was voted on before was something else. */
static void another_target_is_another(void **state _unused_) {
        _cleanup_(website_done) Website w = { 0 };
        WebsiteRow row = row_fixture();
        uint64_t target, other;

        assert_int_equal(website_fill(&w, &row), 0);
        target = website_conf(&w, &row.settings, 0).target;
        row.settings.rules = "region=eu";
        row.settings.interval_ms = 30000;
        assert_int_equal(website_fill(&w, &row), 0);
        assert_true(website_conf(&w, &row.settings, 0).target == target);
        row.settings.family = 6;
        assert_int_equal(website_fill(&w, &row), 0);
        other = website_conf(&w, &row.settings, 0).target;
        assert_true(other != target);
        row.url = "https://example.org/other";
        assert_int_equal(website_fill(&w, &row), 0);
        assert_true(website_conf(&w, &row.settings, 0).target != other);
}

static void rules_go_when_they_are_taken_away(void **state _unused_) {
        const Candidate anybody = { .validator = 1 };
        _cleanup_(website_done) Website w = { 0 };
        WebsiteRow row = row_fixture();

        row.settings.rules = "region=eu";
        assert_int_equal(website_fill(&w, &row), 0);
        assert_false(rule_set_admits(w.rule_set, &anybody));
        row.settings.rules = "";
        assert_int_equal(website_fill(&w, &row), 0);
        assert_null(w.rule_set);
        assert_string_equal(rule_set_text(w.rule_set), "");
}

/* Written into the database by another program, or a later one. */
static void what_is_not_understood_is_refused(void **state _unused_) {
        _cleanup_(website_done) Website w = { 0 };
        WebsiteRow row = row_fixture();

        row.settings.rules = "planet=mars";
        assert_int_equal(website_fill(&w, &row), -EINVAL);
        row.settings.rules = "";
        row.settings.specification = "{\"type\":\"smell\"}";
        assert_true(website_fill(&w, &row) < 0);
        row.settings.specification = "";
        assert_int_equal(website_fill(&w, &row), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_row_says_all),
                cmocka_unit_test(another_target_is_another),
                cmocka_unit_test(rules_go_when_they_are_taken_away),
                cmocka_unit_test(what_is_not_understood_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
