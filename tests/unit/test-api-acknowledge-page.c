/* Pages for whoever follows the link of an alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/acknowledge-page.h"
#include "base/macro.h"

static LinkRow fixture_row(LinkOutcome outcome) {
        return (LinkRow){ .outcome = outcome,
                          .channel = "Operators",
                          .name = "Shop",
                          .url = "https://shop.example/",
                          .summary = "",
                          .acknowledged_by = "",
                          .opened = 1767323045 * USEC_PER_SEC,
                          .closed = USEC_INFINITY,
                          .acknowledged = USEC_INFINITY };
}

static void an_open_incident_has_a_button(void **state _unused_) {
        const LinkRow row = fixture_row(LINK_OPEN);
        _cleanup_free_ char *html = NULL;

        assert_int_equal(acknowledge_page(&row, &html), 0);
        assert_non_null(strstr(html, "<h1><bdi>Shop</bdi></h1>"));
        assert_non_null(strstr(html, "<p>Since: 2026-01-02 03:04:05 UTC</p>"));
        assert_non_null(strstr(html, "<form method=\"post\"><button>"));
        assert_null(strstr(html, "What:"));
        assert_null(strstr(html, "Until"));
}

static void others_have_none(void **state _unused_) {
        for (int outcome = 0; outcome < _LINK_OUTCOME_MAX; outcome++) {
                const LinkRow row = fixture_row((LinkOutcome)outcome);
                _cleanup_free_ char *html = NULL;

                assert_int_equal(acknowledge_page(&row, &html), 0);
                assert_true((strstr(html, "<form") != NULL) == (outcome == LINK_OPEN));
                assert_non_null(strstr(html, "<strong>"));
        }
}

static void who_was_first_is_named(void **state _unused_) {
        LinkRow row = fixture_row(LINK_SAME);
        _cleanup_free_ char *html = NULL;

        row.acknowledged_by = "link: Night shift";
        row.acknowledged = 1767323046 * USEC_PER_SEC;
        row.closed = 1767323047 * USEC_PER_SEC;
        assert_int_equal(acknowledge_page(&row, &html), 0);
        assert_non_null(strstr(html, "Acknowledged by: <bdi>link: Night shift</bdi>"));
        assert_non_null(strstr(html, "Acknowledged at: 2026-01-02 03:04:06 UTC"));
        assert_non_null(strstr(html, "Until: 2026-01-02 03:04:07 UTC"));
}

static void what_others_say_is_text(void **state _unused_) {
        LinkRow row = fixture_row(LINK_OPEN);
        _cleanup_free_ char *html = NULL, *plain = NULL;

        row.name = "<script>alert(\"1\" & 2)</script>";
        row.summary = "\xe2\x80\xae</p>";
        assert_int_equal(acknowledge_page(&row, &html), 0);
        assert_null(strstr(html, "<script"));
        assert_non_null(strstr(html, "&lt;script&gt;alert(&quot;1&quot; &amp; 2)&lt;/script&gt;"));
        assert_non_null(strstr(html, "<bdi>\xe2\x80\xae&lt;/p&gt;</bdi>"));
        assert_int_equal(acknowledge_page_plain("a < b", &plain), 0);
        assert_non_null(strstr(plain, "<p>a &lt; b</p>"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_open_incident_has_a_button),
                cmocka_unit_test(others_have_none),
                cmocka_unit_test(who_was_first_is_named),
                cmocka_unit_test(what_others_say_is_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
