/* Every verdict is explained in one sentence, by the votes there are and by how many are needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "store/why.h"

static void expect(const Why *w, const char *sentence) {
        char text[WHY_SIZE];

        assert_ptr_equal(why_sentence(w, text), text);
        assert_string_equal(text, sentence);
}

static Why of_four(const char *state, unsigned up, unsigned down) {
        return (Why){ .state = state,
                      .cause = "quorum",
                      .regions = "",
                      .n = 4,
                      .f = 1,
                      .q = 3,
                      .up = up,
                      .down = down,
                      .silent = 4 - up - down };
}

static void a_quorum_is_told(void **state _unused_) {
        Why w = of_four("DOWN", 1, 3);

        expect(&w, "3 of 4 say down, 3 are needed.");
        w = of_four("UP", 4, 0);
        expect(&w, "4 of 4 say up, 3 are needed.");
        w = of_four("UP", 3, 1);
        expect(&w, "3 of 4 say up, 3 are needed; 1 says down, at most 1 may.");
        w = of_four("DEGRADED", 4, 0);
        expect(&w, "4 of 4 say up, 3 are needed; the middle one of their times is too slow.");
        expect(&(Why){ .state = "DOWN",
                       .cause = "quorum",
                       .regions = "",
                       .n = 1,
                       .q = 1,
                       .down = 1 },
               "1 of 1 says down, 1 is needed.");
}

static void what_is_no_quorum_is_told(void **state _unused_) {
        Why w = of_four("PARTIAL", 2, 2);

        expect(&w, "2 of 4 say down: UP allows 1 at most, DOWN needs 3.");
        w = of_four("UNKNOWN", 1, 0);
        expect(&w, "1 of 4 says up and 0 say down, 3 of one kind are needed;"
                   " 3 give no vote (3 silent).");
}

static void who_gives_no_vote_is_told(void **state _unused_) {
        expect(&(Why){ .state = "DOWN",
                       .cause = "quorum",
                       .regions = "",
                       .n = 4,
                       .f = 1,
                       .q = 3,
                       .down = 3,
                       .away = 1 },
               "3 of 4 say down, 3 are needed; 1 gives no vote (1 away).");
        expect(&(Why){ .state = "UNKNOWN",
                       .cause = "silence",
                       .regions = "",
                       .n = 7,
                       .f = 2,
                       .q = 5,
                       .up = 1,
                       .down = 1,
                       .away = 1,
                       .silent = 1,
                       .abstained = 1,
                       .empty = 2 },
               "1 of 7 says up and 1 says down, 5 of one kind are needed; 5 give no vote (1 away,"
               " 1 silent, 1 abstaining, 2 empty).");
}

static void a_verdict_that_its_votes_do_not_make_stands(void **state _unused_) {
        Why w = of_four("UP", 2, 2);

        expect(&w, "2 of 4 say up and 2 say down: they have changed since the verdict, which"
                   " stands until the others are heard.");
        w.past = true;
        expect(&w, "2 of 4 say up and 2 say down.");
}

static void what_votes_did_not_decide_is_told(void **state _unused_) {
        static const struct {
                const char *state, *cause, *sentence;
        } told[] = {
                { "PAUSED", "", "It is paused: nobody looks at it." },
                { "MAINTENANCE", "quorum",
                  "Maintenance: whatever the votes say does not count now." },
                { "UNKNOWN", "hub_away", "The hub was away, and nobody judged." },
                { "UP", "heartbeat", "It called in time." },
                { "DOWN", "heartbeat_missing", "It did not call in time." },
                { "DOWN", "heartbeat_failed", "It called to say that it had failed." },
        };

        for (size_t i = 0; i < ELEMENTSOF(told); i++) {
                Why w = of_four(told[i].state, 4, 0);

                w.cause = told[i].cause;
                expect(&w, told[i].sentence);
        }
        expect(&(Why){ .state = "UNKNOWN", .cause = "", .regions = "", .q = 1 },
               "Nobody has judged it yet.");
        expect(&(Why){ .state = "UNKNOWN", .cause = "", .regions = "", .q = 1, .past = true },
               "Nobody judged it then.");
}

static void a_region_is_named(void **state _unused_) {
        Why w = { .state = "PARTIAL",
                  .cause = "region",
                  .n = 7,
                  .f = 2,
                  .q = 5,
                  .up = 5,
                  .down = 1,
                  .silent = 1,
                  .regions = "4 of 4 say so in eu and 3 of 4 say so in us" };

        expect(&w, "It is down in a region: 4 of 4 say so in eu and 3 of 4 say so in us; of all"
                   " seats 5 of 7 say up and 1 says down; 1 gives no vote (1 silent).");
}

/* 63 bytes each. */
#define REGION "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void no_sentence_is_too_long(void **state _unused_) {
        static const char *const states[] = { "UP", "DEGRADED", "DOWN", "PARTIAL", "UNKNOWN" };
        static const char regions[] = "4 of 4 say so in " REGION " and 4 of 4 say so in " REGION;
        const unsigned most = 1000000000;
        char text[WHY_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(states); i++)
                for (unsigned votes = 0; votes < 4; votes++) {
                        const Why w = { .state = states[i],
                                        .cause = "quorum",
                                        .n = most,
                                        .f = most,
                                        .q = votes & 1 ? most : 0,
                                        .up = votes & 2 ? most : 0,
                                        .down = most,
                                        .away = most,
                                        .silent = most,
                                        .abstained = most,
                                        .empty = most,
                                        .regions = votes & 1 ? regions : "" };

                        assert_true(strlen(why_sentence(&w, text)) < WHY_SIZE - 1);
                        assert_int_equal(text[strlen(text) - 1], '.');
                        assert_true(strlen(why_rule(&w, text)) < WHY_SIZE - 1);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_quorum_is_told),
                cmocka_unit_test(what_is_no_quorum_is_told),
                cmocka_unit_test(who_gives_no_vote_is_told),
                cmocka_unit_test(a_verdict_that_its_votes_do_not_make_stands),
                cmocka_unit_test(what_votes_did_not_decide_is_told),
                cmocka_unit_test(a_region_is_named),
                cmocka_unit_test(no_sentence_is_too_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
