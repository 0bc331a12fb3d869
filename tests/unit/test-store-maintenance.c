/* Windows of maintenance: what may be one, when it is on, and who may see and end it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/maintenance.h"

/* Websites 1 and 2 are of organisation 1, 3 is of organisation 2. */
#define SITE_1 "00000000-0000-7000-8000-000000000001"
#define SITE_2 "00000000-0000-7000-8000-000000000002"
#define SITE_3 "00000000-0000-7000-8000-000000000003"

#define DAY 86400000u

static int put(StoreFixture *f, MaintenanceAdd add) {
        static uint8_t made;

        add.id = (Uuid){ { 7, ++made } };
        add.actor = "test";
        assert_int_equal(maintenance_add(f->store, &add, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void forget_all(const StoreFixture *f) {
        fixture_sql(f, "DELETE FROM maintenance");
}

static void on_spans(int r, const MaintenanceSpan *spans, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);
        char from[TIME_FORMAT_SIZE], until[TIME_FORMAT_SIZE];

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u/%u %.16s %.16s\n", spans[i].organisation, spans[i].website,
                             time_format(spans[i].from, from), time_format(spans[i].until, until));
}

static void expect(StoreFixture *f, usec_t from, usec_t until, const char *text) {
        assert_int_equal(maintenance_load(f->store, &(const MaintenancePeriod){ from, until },
                                          on_spans, f, NULL),
                         0);
        fixture_expect_text(f, text);
}

#define MARCH_28_2026   (UINT64_C(1774656000) * USEC_PER_SEC)
#define OCTOBER_24_2026 (UINT64_C(1792800000) * USEC_PER_SEC)

static MaintenanceAdd again(const char *cron, const char *zone, uint64_t duration_ms) {
        return (MaintenanceAdd){ .organisation = 1,
                                 .title = "update",
                                 .websites = SITE_1,
                                 .cron = cron,
                                 .time_zone = zone,
                                 .duration_ms = duration_ms };
}

/* 02:30 does not exist on 29 March 2026 in Berlin: it is an hour later then. */
static void a_time_that_is_skipped_is_as_much_later(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        assert_int_equal(put(f, again("30 2 * * *", "Europe/Berlin", 600000)), 0);
        expect(f, MARCH_28_2026, MARCH_28_2026 + 3 * USEC_PER_DAY,
               "1/1 2026-03-28T01:30 2026-03-28T01:40\n"
               "1/1 2026-03-29T01:30 2026-03-29T01:40\n"
               "1/1 2026-03-30T00:30 2026-03-30T00:40\n");
}

/* 02:30 comes twice on 25 October 2026: both are meant. */
static void a_time_that_comes_twice_is_both(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        assert_int_equal(put(f, again("30 2 * * *", "Europe/Berlin", 600000)), 0);
        expect(f, OCTOBER_24_2026, OCTOBER_24_2026 + 3 * USEC_PER_DAY,
               "1/1 2026-10-24T00:30 2026-10-24T00:40\n"
               "1/1 2026-10-25T00:30 2026-10-25T00:40\n"
               "1/1 2026-10-25T01:30 2026-10-25T01:40\n"
               "1/1 2026-10-26T01:30 2026-10-26T01:40\n");
}

/* Its length is of time, not of clocks. */
static void one_that_crosses_the_change_is_as_long_as_ever(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        assert_int_equal(put(f, again("0 1 * * sun", "Europe/Berlin", 4 * 3600000u)), 0);
        expect(f, MARCH_28_2026, MARCH_28_2026 + 3 * USEC_PER_DAY,
               "1/1 2026-03-29T00:00 2026-03-29T04:00\n");
        expect(f, OCTOBER_24_2026, OCTOBER_24_2026 + 3 * USEC_PER_DAY,
               "1/1 2026-10-24T23:00 2026-10-25T03:00\n");
}

static void clocks_that_are_changed_by_half_an_hour_are_known(void **state) {
        StoreFixture *f = *state;
        usec_t april_4 = MARCH_28_2026 + 7 * USEC_PER_DAY;

        forget_all(f);
        assert_int_equal(put(f, again("45 1 * * *", "Australia/Lord_Howe", 60000)), 0);
        expect(f, april_4 + USEC_PER_DAY / 2, april_4 + USEC_PER_DAY,
               "1/1 2026-04-04T14:45 2026-04-04T14:46\n"
               "1/1 2026-04-04T15:15 2026-04-04T15:16\n");
}

static void what_overlaps_or_touches_is_one(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        assert_int_equal(put(f, again("0 2 * * *", "UTC", 3600000)), 0);
        assert_int_equal(put(f, again("30 2 * * *", "UTC", 3600000)), 0);
        assert_int_equal(put(f, again("30 3 28 3 *", "UTC", 60000)), 0);
        expect(f, MARCH_28_2026, MARCH_28_2026 + USEC_PER_DAY,
               "1/1 2026-03-28T02:00 2026-03-28T03:31\n");
        assert_int_equal(put(f, again("0 0 * * *", "UTC", DAY)), 0);
        expect(f, MARCH_28_2026, MARCH_28_2026 + USEC_PER_DAY,
               "1/1 2026-03-27T00:00 2026-03-29T00:00\n");
}

static void one_that_is_on_is_told_with_its_beginning(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        assert_int_equal(put(f, again("0 20 * * *", "UTC", 12 * 3600000u)), 0);
        expect(f, MARCH_28_2026, MARCH_28_2026 + USEC_PER_HOUR,
               "1/1 2026-03-27T20:00 2026-03-28T08:00\n");
        expect(f, MARCH_28_2026 + 8 * USEC_PER_HOUR, MARCH_28_2026 + 9 * USEC_PER_HOUR, "");
}

static void days_are_meant_as_cron_means_them(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        /* 28 March 2026 is a Saturday */
        assert_int_equal(put(f, again("0 5 30 mar sun-mon", "UTC", 60000)), 0);
        assert_int_equal(put(f, again("*/20 7-9/2 28,31 * *", "UTC", 60000)), 0);
        assert_int_equal(put(f, again("0 6 * feb,apr 7", "UTC", 60000)), 0);
        expect(f, MARCH_28_2026, MARCH_28_2026 + 3 * USEC_PER_DAY,
               "1/1 2026-03-28T07:00 2026-03-28T07:01\n"
               "1/1 2026-03-28T07:20 2026-03-28T07:21\n"
               "1/1 2026-03-28T07:40 2026-03-28T07:41\n"
               "1/1 2026-03-28T09:00 2026-03-28T09:01\n"
               "1/1 2026-03-28T09:20 2026-03-28T09:21\n"
               "1/1 2026-03-28T09:40 2026-03-28T09:41\n"
               "1/1 2026-03-29T05:00 2026-03-29T05:01\n"
               "1/1 2026-03-30T05:00 2026-03-30T05:01\n");
}

static MaintenanceAdd once(const char *from, const char *until) {
        return (MaintenanceAdd){ .organisation = 1, .title = "move", .from = from, .until = until };
}

static void what_cannot_be_is_refused_with_a_sentence(void **state) {
        StoreFixture *f = *state;
        const struct {
                MaintenanceAdd add;
                const char *sentence;
        } bad[] = {
                { again("0 0 30 2 *", "UTC", 60000), "the window would never come" },
                { again("0 0 31 4,6,9,11 *", "UTC", 60000), "the window would never come" },
                { again("* * * * *", "UTC", DAY), "at most 96 times a day" },
                { again("60 * * * *", "UTC", 60000), "outside of 0 to 59" },
                { again("0 24 * * *", "UTC", 60000), "outside of 0 to 23" },
                { again("0 0 0 * *", "UTC", 60000), "outside of 1 to 31" },
                { again("0 0 * 13 *", "UTC", 60000), "outside of 1 to 12" },
                { again("0 0 * * 8", "UTC", 60000), "outside of 0 to 7" },
                { again("0 5-3 * * *", "UTC", 60000), "a range that falls" },
                { again("*/0 0 * * *", "UTC", 60000), "a range that falls" },
                { again("0,, 0 * * *", "UTC", 60000), "is not understood" },
                { again("5/2 0 * * *", "UTC", 60000), "is not understood" },
                { again("-1 0 * * *", "UTC", 60000), "is not understood" },
                { again("0 0 * * caturday", "UTC", 60000), "is not understood" },
                { again("@daily", "UTC", 60000), "five fields" },
                { again("", "UTC", 60000), "five fields" },
                { again("0 0 * * * *", "UTC", 60000), "five fields" },
                { again("0 0 * * *", "Mars/Olympus", 60000), "This time zone is not known" },
                { again("0 0 * * *", "Foo/Bar5", 60000), "This time zone is not known" },
                { again("0 0 * * *", "", 60000), "This time zone is not known" },
                { again("0 0 * * *", "UTC", 59999), "lasts a minute to a day" },
                { again("0 0 * * *", "UTC", DAY + 1), "lasts a minute to a day" },
                { again("0 0 * * *", "UTC", INT64_MAX), "lasts a minute to a day" },
                { again("0 0 * * *", NULL, 60000), "or else a cron expression" },
                { once("2030-01-01T00:00Z", NULL), "or else a cron expression" },
                { once(NULL, NULL), "or else a cron expression" },
                { once("2030-01-01T00:00Z", "2030-01-01T00:00Z"), "ends after it begins" },
                { once("2030-01-01T00:00Z", "2031-06-01T00:00Z"), "within 366 days" },
                { once("2020-01-01T00:00Z", "2020-01-02T00:00Z"), "not over yet" },
                { once("9999-01-01T00:00Z", "9999-01-02T00:00Z"), "within ten years" },
                { once("1001970-01-01T00:00Z", "1001970-01-02T00:00Z"), "is written like" },
                { once("infinity", "infinity"), "is written like" },
                { once("2030-01-01", "2030-01-02"), "is written like" },
                { once("2030-02-30T00:00Z", "2030-03-02T00:00Z"), "There is no such moment" },
                { once("2030-01-01T00:00Z", "2030-01-01T25:00Z"), "There is no such moment" },
        };

        forget_all(f);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(put(f, bad[i].add), -EDOM);
                if (!f->text || !strstr(f->text, bad[i].sentence))
                        fail_msg("%zu: \"%s\" does not say \"%s\"", i, f->text, bad[i].sentence);
        }
        fixture_expect(f, "SELECT count(*) FROM maintenance", "0");
}

static void a_29th_of_february_comes(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        assert_int_equal(put(f, again("0 0 29 2 *", "UTC", 60000)), 0);
        fixture_expect(f,
                       "SELECT to_char(n.starts_at AT TIME ZONE 'UTC', 'DD.MM.') FROM maintenance "
                       "m,"
                       " maintenance_next(m, now(), 1) n",
                       "29.02.");
}

static void websites_are_of_one_organisation(void **state) {
        StoreFixture *f = *state;
        MaintenanceAdd add = again("0 0 * * *", "UTC", 60000);

        forget_all(f);
        add.websites = SITE_1 "," SITE_3;
        assert_int_equal(put(f, add), -EDOM);
        assert_string_equal(f->text, "One of these websites does not exist.");
        add.websites = SITE_3;
        assert_int_equal(put(f, add), -EDOM);
        add.organisation = 0; /* the administrator's */
        assert_int_equal(put(f, add), 0);
        add.websites = SITE_1 "," SITE_3;
        assert_int_equal(put(f, add), -EDOM);
        add.websites = NULL;
        assert_int_equal(put(f, add), -EDOM);
        add.organisation = 1;
        assert_int_equal(put(f, add), 0);
        add.websites = SITE_2 "," SITE_1 "," SITE_2;
        assert_int_equal(put(f, add), 0);
        expect(f, MARCH_28_2026, MARCH_28_2026 + USEC_PER_HOUR,
               "1/0 2026-03-28T00:00 2026-03-28T00:01\n"
               "1/1 2026-03-28T00:00 2026-03-28T00:01\n"
               "1/2 2026-03-28T00:00 2026-03-28T00:01\n"
               "2/3 2026-03-28T00:00 2026-03-28T00:01\n");
}

static int take_away(StoreFixture *f, uint32_t organisation, const char *id) {
        MaintenanceRemove remove = { .organisation = organisation, .actor = "test" };

        assert_int_equal(uuid_parse(id, &remove.id), 0);
        assert_int_equal(maintenance_remove(f->store, &remove, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void list(StoreFixture *f, uint32_t organisation, uint8_t website) {
        Uuid id = fixture_website(website);

        assert_int_equal(maintenance_json(f->store,
                                          &(const MaintenanceView){ .organisation = organisation,
                                                                    .website = website ? &id
                                                                                       : NULL },
                                          fixture_json, f, NULL),
                         0);
        fixture_wait(f);
}

static void only_the_owner_sees_and_ends_it(void **state) {
        StoreFixture *f = *state;
        const char *id = "00000000-0000-7000-8000-0000000000aa";

        forget_all(f);
        fixture_sql(f, "SELECT maintenance_add(1, '00000000-0000-7000-8000-0000000000aa', 'big',"
                       " '{" SITE_1 "}', NULL, NULL, '0 3 * * *', 60000, 'Europe/Berlin', 'me')");
        list(f, 1, 0);
        assert_int_equal(f->r, 0);
        assert_non_null(strstr(f->text, "\"websiteIds\" : [\"" SITE_1 "\"]"));
        assert_non_null(strstr(f->text, "\"cron\" : \"0 3 * * *\", \"durationMs\" : 60000, "
                                        "\"timeZone\" : \"Europe/Berlin\""));
        assert_non_null(strstr(f->text, "\"next\" : [{\"from\" : \"2"));
        list(f, 1, 1);
        assert_non_null(strstr(f->text, id));
        list(f, 1, 2);
        assert_null(strstr(f->text, id));
        list(f, 2, 0);
        assert_string_equal(f->text, "{\"maintenance\" : []}");
        list(f, 2, 1);
        assert_int_equal(f->r, -ENOENT);
        assert_int_equal(take_away(f, 2, id), -ENOENT);
        assert_int_equal(take_away(f, 1, id), 0);
        assert_int_equal(take_away(f, 0, id), -ENOENT);
        fixture_expect(f,
                       "SELECT string_agg(actor || ' ' || action, ', ' ORDER BY at) FROM audit_log"
                       " WHERE organisation_id = 1 AND object ="
                       "   '00000000-0000-7000-8000-0000000000aa'",
                       "me maintenance.add, test maintenance.remove");
}

/* A server with other time zones must not keep the hub from judging. */
static void an_unknown_zone_has_no_windows(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        assert_int_equal(put(f, again("0 0 * * *", "UTC", 60000)), 0);
        assert_int_equal(put(f, again("0 0 * * *", "UTC", 120000)), 0);
        fixture_sql(f, "UPDATE maintenance SET time_zone = 'Mars/Olympus'"
                       " WHERE duration_ms = 120000");
        expect(f, MARCH_28_2026, MARCH_28_2026 + USEC_PER_HOUR,
               "1/1 2026-03-28T00:00 2026-03-28T00:01\n");
        list(f, 1, 0);
        assert_int_equal(f->r, 0);
}

static void an_organisation_has_so_many(void **state) {
        StoreFixture *f = *state;

        forget_all(f);
        for (unsigned i = 0; i < 100; i++)
                assert_int_equal(put(f, once("2030-01-01T00:00Z", "2030-01-01T02:00Z")), 0);
        assert_int_equal(put(f, once("2030-01-01T00:00Z", "2030-01-01T02:00Z")), -EDOM);
        assert_non_null(strstr(f->text, "at most 100"));
        fixture_sql(f, "UPDATE maintenance SET starts_at = now() - interval '40 days',"
                       " ends_at = now() - interval '31 days' WHERE id IN (SELECT id FROM"
                       " maintenance LIMIT 50)");
        assert_int_equal(put(f, once("2030-01-01T00:00Z", "2030-01-01T02:00+01:00")), 0);
        fixture_expect(f, "SELECT count(*) FROM maintenance", "51");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_time_that_is_skipped_is_as_much_later),
                cmocka_unit_test(a_time_that_comes_twice_is_both),
                cmocka_unit_test(one_that_crosses_the_change_is_as_long_as_ever),
                cmocka_unit_test(clocks_that_are_changed_by_half_an_hour_are_known),
                cmocka_unit_test(what_overlaps_or_touches_is_one),
                cmocka_unit_test(one_that_is_on_is_told_with_its_beginning),
                cmocka_unit_test(days_are_meant_as_cron_means_them),
                cmocka_unit_test(what_cannot_be_is_refused_with_a_sentence),
                cmocka_unit_test(a_29th_of_february_comes),
                cmocka_unit_test(websites_are_of_one_organisation),
                cmocka_unit_test(only_the_owner_sees_and_ends_it),
                cmocka_unit_test(an_unknown_zone_has_no_windows),
                cmocka_unit_test(an_organisation_has_so_many),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
