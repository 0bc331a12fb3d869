/* What people read about an incident. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/cause.h"
#include "wire/tick.h"

#define NOW (UINT64_C(1795000000) * USEC_PER_SEC) /* 2026-11-18 */
#define DAY ((uint16_t)(NOW / USEC_PER_DAY))

static CauseSeat down(uint8_t error, const char *region) {
        return (CauseSeat){ VOTE_DOWN, error, true, region };
}

static CauseSeat other(VoteOutcome outcome) {
        return (CauseSeat){ outcome, 0, false, "eu" };
}

static CauseSeat sees(const char *region) {
        return (CauseSeat){ VOTE_UP, 0, true, region };
}

static void expect(CauseFacts f, const CauseSeat *seats, size_t n, const char *text) {
        char sentence[CAUSE_SIZE];

        f.seats = seats;
        f.n = n;
        f.now = NOW;
        assert_string_equal(cause_sentence(&f, sentence), text);
}

static const CauseFacts outage = { .open = true, .cause = CAUSE_QUORUM };

static void all_see_the_same(void **state _unused_) {
        const CauseSeat seats[] = { down(TICK_ERROR_TLS_EXPIRED, "eu"),
                                    down(TICK_ERROR_TLS_EXPIRED, "us"),
                                    down(TICK_ERROR_TLS_EXPIRED, "asia"),
                                    down(TICK_ERROR_TLS_EXPIRED, "eu") };
        const char *regions[SEATS_MAX];
        CauseFacts f = outage;

        expect(outage, seats, 4,
               "The certificate has expired or is not valid yet, seen by 4 of 4 in 3 regions");
        f.seats = seats;
        f.n = 4;
        assert_int_equal(cause_regions(&f, regions), 3);
        assert_string_equal(regions[2], "asia");
}

static void the_others_are_accounted_for(void **state _unused_) {
        const CauseSeat three[] = { down(TICK_ERROR_REFUSED, "eu"), down(TICK_ERROR_REFUSED, ""),
                                    down(TICK_ERROR_REFUSED, "eu"), other(VOTE_MISSING) };
        const CauseSeat split[] = { down(TICK_ERROR_REFUSED, ""),
                                    down(TICK_ERROR_TIMEOUT_CONNECT, ""),
                                    down(TICK_ERROR_REFUSED, ""),
                                    other(VOTE_UP),
                                    other(VOTE_UP),
                                    other(VOTE_ABSTAIN),
                                    other(VOTE_MISSING) };

        expect(outage, three, 4,
               "The connection was refused, seen by 3 of 4 in the region eu; 1 is missing");
        expect(outage, split, 7,
               "The connection was refused, seen by 2 of 7; 1 sees another failure; 2 see it up; "
               "2 are missing");
}

static void an_error_that_is_not_known_has_a_sentence(void **state _unused_) {
        const CauseSeat seats[] = { down(200, "") }, none[] = { down(0, "") };

        expect(outage, seats, 1,
               "A newer validator found a failure without a name here, seen by 1 of 1");
        expect(outage, none, 1, "It is down, seen by 1 of 1");
}

static void regions_are_named_with_their_panels(void **state _unused_) {
        const CauseSeat seats[] = { down(TICK_ERROR_REFUSED, "us"), other(VOTE_UP), other(VOTE_UP),
                                    other(VOTE_MISSING) };
        const CauseRegion regions[] = { { "asia", 4, 3 }, { "us", 4, 4 } };
        const CauseRegion gone = { "", 4, 4 };
        const char *names[SEATS_MAX];
        CauseFacts f = { .open = true, .cause = CAUSE_REGION, .regions = regions, .n_regions = 1 };

        expect(f, seats, 4,
               "It is down in the region asia, seen by 3 of 4 there; of all seats 2 of 4 see it up"
               " and 1 down; 1 is missing");
        f.n_regions = 2;
        expect(f, seats, 3,
               "It is down in the region asia, seen by 3 of 4 there, and in the region us, seen by"
               " 4 of 4 there; of all seats 2 of 3 see it up and 1 down");
        f.seats = seats;
        f.n = 4;
        assert_int_equal(cause_regions(&f, names), 2);
        assert_string_equal(names[0], "asia");
        assert_string_equal(names[1], "us");
        f.regions = &gone;
        f.n_regions = 1;
        expect(f, seats, 2,
               "It is down in a region, seen by 4 of 4 there; of all seats 1 of 2 sees it up and 1"
               " down");
}

static void the_end_has_a_sentence_too(void **state _unused_) {
        const CauseSeat seats[] = {
                sees("eu"), sees("us"), sees("eu"), { VOTE_DOWN, TICK_ERROR_REFUSED, false, "eu" }
        };

        expect((CauseFacts){ .cause = CAUSE_QUORUM }, seats, 4,
               "It is up again, seen by 3 of 4 in 2 regions; 1 sees it down");
        expect((CauseFacts){ .cause = CAUSE_CALL }, NULL, 0, "It called again");
}

static void calls_have_no_seats(void **state _unused_) {
        expect((CauseFacts){ .open = true, .cause = CAUSE_NO_CALL, .called = NOW }, NULL, 0,
               "It has not called since 2026-11-18 11:06:40 UTC");
        expect((CauseFacts){ .open = true, .cause = CAUSE_NO_CALL }, NULL, 0,
               "It has never called");
        expect((CauseFacts){ .open = true, .cause = CAUSE_FAILED_CALL }, NULL, 0,
               "It called to say that it failed");
}

static void certificates_have_days(void **state _unused_) {
        const CauseSeat seats[] = { sees("eu"), sees("us"), sees("eu"), other(VOTE_UP) };
        CauseFacts f = { .kind = INCIDENT_CERTIFICATE, .open = true, .expiry_days = DAY + 9 };

        expect(f, seats, 4,
               "The certificate ends on 2026-11-27, in 9 days, seen by 3 of 4 in 2 regions");
        f.expiry_days = DAY + 1;
        expect(f, seats, 1,
               "The certificate ends on 2026-11-19, in 1 day, seen by 1 of 1 in the"
               " region eu");
        f.expiry_days = DAY - 1;
        expect(f, seats, 1, "The certificate ended on 2026-11-17, seen by 1 of 1 in the region eu");
        f.expiry_days = 0;
        expect(f, seats, 1,
               "The certificate ends soon, or has ended, seen by 1 of 1 in the region eu");
        f.open = false;
        expect(f, seats, 4, "The certificate was renewed, seen by 3 of 4 in 2 regions");
        expect(f, NULL, 0, "The certificate is not watched any more");
}

/* The longest of everything is still a string within its bounds. */
static void it_never_overflows(void **state _unused_) {
        CauseSeat seats[SEATS_MAX];
        char sentence[CAUSE_SIZE + 1], region[400];
        CauseFacts f = outage;

        memset(region, 'x', sizeof(region) - 1);
        region[sizeof(region) - 1] = '\0';
        for (size_t i = 0; i < SEATS_MAX; i++)
                seats[i] = down(TICK_ERROR_TLS_VERSION, region);
        sentence[CAUSE_SIZE] = '!';
        f.seats = seats;
        f.n = SEATS_MAX;
        assert_int_equal(strlen(cause_sentence(&f, sentence)), CAUSE_SIZE - 1);
        assert_int_equal(sentence[CAUSE_SIZE], '!');
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_see_the_same),
                cmocka_unit_test(the_others_are_accounted_for),
                cmocka_unit_test(an_error_that_is_not_known_has_a_sentence),
                cmocka_unit_test(regions_are_named_with_their_panels),
                cmocka_unit_test(the_end_has_a_sentence_too),
                cmocka_unit_test(calls_have_no_seats),
                cmocka_unit_test(certificates_have_days),
                cmocka_unit_test(it_never_overflows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
