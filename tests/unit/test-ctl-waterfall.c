/* Bars that follow each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "ctl/waterfall.h"

static char *print(const uint64_t us[static 4]) {
        const WaterfallPhase phases[] = {
                { "DNS", us[0] }, { "Connect", us[1] }, { "Wait", us[2] }, { "Transfer", us[3] }
        };
        char *text = NULL;
        size_t n;
        FILE *to = open_memstream(&text, &n);

        assert_non_null(to);
        waterfall_print(phases, ELEMENTSOF(phases), to);
        assert_int_equal(fclose(to), 0);
        return text;
}

static void bars_follow_each_other(void **state _unused_) {
        const uint64_t us[] = { 10000, 10150, 19850, 0 };
        _cleanup_free_ char *text = print(us);

        assert_string_equal(text, "DNS            10.0 ms  ##########\n"
                                  "Connect        10.1 ms            ##########\n"
                                  "Wait           19.8 ms                      "
                                  "####################\n"
                                  "Transfer        0.0 ms\n");
}

static void what_is_short_is_seen(void **state _unused_) {
        const uint64_t us[] = { 1, 0, 90000000, 1 };
        _cleanup_free_ char *text = print(us);

        assert_string_equal(text,
                            "DNS             0.0 ms  #\n"
                            "Connect         0.0 ms\n"
                            "Wait        90000.0 ms  ########################################\n"
                            "Transfer        0.0 ms                                         #\n");
}

static void nothing_has_no_bars(void **state _unused_) {
        const uint64_t us[4] = { 0 };
        _cleanup_free_ char *text = print(us);

        assert_string_equal(text, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bars_follow_each_other),
                cmocka_unit_test(what_is_short_is_seen),
                cmocka_unit_test(nothing_has_no_bars),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
