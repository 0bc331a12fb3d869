/* A day of a hundred websites that flap, in virtual time, and what channels with different rules
 * are told of it: the database decides, receivers remember. A sum of what each was told is printed;
 * no hour has more messages than it may, and at the end everybody knows how every website is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/pq-script.h"
#include "hub/alert-facts.h"
#include "store-fixture.h"
#include "store/alert-outbox.h"

#define START    UINT64_C(1780340400) /* 2026-06-01 19:00 UTC, in seconds */
#define STEP     60
#define STORM    (3 * 3600) /* into the day all go down at once */
#define CALM     (7 * 3600) /* after the day nothing changes */
#define SITES    100
#define RAPID    10 /* of them */
#define CHANNELS (sizeof(channels) / sizeof(*channels))

static const struct {
        const char *name, *rules;
        unsigned per_hour;
        bool flaky, deaf; /* refuses a third; hears of no recovery */
} channels[] = {
        { "usual", "{}", 60, false, false },
        { "each", "{\"digestFrom\": 0, \"perHour\": 3600}", 3600, false, false },
        { "capped", "{\"perHour\": 3}", 3, false, false },
        { "flaky", "{\"perHour\": 20}", 20, true, false },
        { "patient", "{\"delaySeconds\": 300, \"perHour\": 20}", 20, false, false },
        { "reminded", "{\"reminderSeconds\": 1800, \"perHour\": 30}", 30, false, false },
        { "nights",
          "{\"perHour\": 30, \"quietHours\": {\"from\": \"22:00\", \"to\": \"07:00\","
          " \"timeZone\": \"Europe/Berlin\"}}",
          30, false, false },
        { "beginnings", "{\"recovery\": false, \"perHour\": 30}", 30, false, true },
};

typedef struct Heard {
        char at[40];
        bool open;
} Heard;

typedef struct Receiver {
        Heard sites[SITES];
        unsigned n, digests, reminders, most;
        uint64_t times[8192];
} Receiver;

typedef struct World {
        StoreFixture *fixture;
        PqScript *script;
        uint64_t now, evening; /* in seconds; then the day is over */
        uint32_t seed;
        bool down[SITES];
        uint64_t until[SITES]; /* it stays so */
        Receiver receivers[CHANNELS];
        AlertEnd ends[64];
        size_t n_ends;
} World;

static uint32_t draw(World *w, uint32_t below) {
        w->seed = w->seed * 1664525u + 1013904223u;
        return (w->seed >> 8) % below;
}

/* What happens --------------------------------------------------------------------------------- */

static void run(World *w, const char *sql) {
        if (pq_script_run(w->script, sql) < 0)
                fail_msg("%s", pq_script_error(w->script));
}

static void turn(World *w, unsigned site) {
        char sql[512];

        w->down[site] = !w->down[site];
        if (w->down[site])
                (void)snprintf(sql, sizeof(sql),
                               "INSERT INTO incident (public_id, organisation_id, website_id, "
                               "cause,"
                               " opened_at, first_evidence_at) SELECT gen_random_uuid(), 1, id,"
                               " 'refused', to_timestamp(%llu), to_timestamp(%llu) FROM website"
                               " WHERE name = 'flaps %u'",
                               (unsigned long long)w->now, (unsigned long long)w->now, site);
        else
                (void)snprintf(sql, sizeof(sql),
                               "UPDATE incident SET closed_at = to_timestamp(%llu) WHERE closed_at"
                               " IS NULL AND website_id = (SELECT id FROM website WHERE name ="
                               " 'flaps %u')",
                               (unsigned long long)w->now, site);
        run(w, sql);
}

/* Rapid ones turn every some minutes, the others are down for some, every some hours. */
static void flap(World *w) {
        bool storm = w->now == START + STORM;

        run(w, "BEGIN");
        for (unsigned i = 0; i < SITES; i++) {
                uint32_t stays = i < RAPID || w->down[i] ? 1200 : 6 * 3600;

                if (storm ? w->down[i] : w->now < w->until[i])
                        continue;
                turn(w, i);
                w->until[i] = w->now + 60 + (storm ? 300 : draw(w, stays));
        }
        run(w, "COMMIT");
}

/* What is heard of it -------------------------------------------------------------------------- */

static void hear(Receiver *r, const char *name, const char *opened, const char *closed) {
        unsigned site = (unsigned)strtoul(name + strlen("flaps "), NULL, 10);
        const char *at = closed ? closed : opened;

        assert_true(site < SITES && at);
        if (strcmp(at, r->sites[site].at) < 0)
                return;
        (void)snprintf(r->sites[site].at, sizeof(r->sites[site].at), "%s", at);
        r->sites[site].open = !closed;
}

static void read_message(Receiver *r, const AlertDueRow *row) {
        AlertFacts f;

        assert_int_equal(alert_facts_read(row->payload, &f), 0);
        if (strcmp(row->kind, "digest") == 0) {
                const AlertItem *items = f.items.items;

                assert_int_equal((int64_t)f.items.n, f.incidents);
                for (size_t i = 0; i < f.items.n; i++)
                        hear(r, items[i].name, items[i].opened, items[i].closed);
        } else
                hear(r, f.name, f.opened, f.closed);
        alert_facts_done(&f);
}

/* Its first try is when it counts. */
static void count(Receiver *r, const AlertDueRow *row, uint64_t now) {
        unsigned hour = 1;

        if (row->tries > 0)
                return;
        assert_true(r->n < sizeof(r->times) / sizeof(*r->times));
        for (unsigned i = r->n; i > 0 && r->times[i - 1] > now - 3600; i--)
                hour++;
        r->most = hour > r->most ? hour : r->most;
        r->times[r->n++] = now;
        r->digests += strcmp(row->kind, "digest") == 0;
        r->reminders += strcmp(row->kind, "incident.reminder") == 0;
}

static void receive(World *w, const AlertDueRow *row) {
        bool fails;
        size_t c = 0;

        while (strcmp(channels[c].name, row->channel_name) != 0)
                c++;
        count(&w->receivers[c], row, w->now);
        fails = channels[c].flaky && draw(w, 3) == 0;
        if (!fails)
                read_message(&w->receivers[c], row);
        w->ends[w->n_ends++] = (AlertEnd){ .row = row->row,
                                           .state = fails ? ALERT_PENDING : ALERT_DELIVERED,
                                           .next = (w->now + STEP) * USEC_PER_SEC,
                                           .status = fails ? 503 : 200,
                                           .error = fails ? "not now" : "" };
}

static void on_due(int r, const AlertDueRow *rows, size_t n, void *userdata) {
        World *w = userdata;

        assert_int_equal(r, 0);
        w->n_ends = 0;
        for (size_t i = 0; i < n; i++)
                receive(w, &rows[i]);
        (void)fixture_rows(w->fixture, r, n);
}

static void deliver(World *w) {
        AlertDue due = { .now = w->now * USEC_PER_SEC,
                         .remind = true,
                         .most = 32,
                         .most_failing = 32,
                         .most_channel = 4 };

        do {
                assert_int_equal(alerts_due(w->fixture->store, &due, on_due, w, NULL), 0);
                fixture_wait(w->fixture);
                for (size_t i = 0; i < w->n_ends; i++) {
                        assert_int_equal(alert_settle(w->fixture->store, &w->ends[i], fixture_done,
                                                      w->fixture, NULL),
                                         0);
                        fixture_wait(w->fixture);
                        assert_int_equal(w->fixture->r, 0);
                }
                due.remind = false;
        } while (w->n_ends > 0);
}

/* The day -------------------------------------------------------------------------------------- */

static void prepare(World *w) {
        char sql[512];

        assert_int_equal(pq_script_open(&w->script, w->fixture->dsn), 0);
        run(w, "INSERT INTO website (public_id, organisation_id, url, name) SELECT"
               " gen_random_uuid(), 1, 'https://flaps' || i || '.example/', 'flaps ' || i"
               " FROM generate_series(0, 99) i");
        for (size_t c = 0; c < CHANNELS; c++) {
                (void)snprintf(sql, sizeof(sql),
                               "INSERT INTO alert_channel (public_id, organisation_id, kind, name,"
                               " rules) VALUES (gen_random_uuid(), 1, 'webhook', '%s', '%s')",
                               channels[c].name, channels[c].rules);
                run(w, sql);
        }
        for (unsigned i = 0; i < SITES; i++)
                w->until[i] = START + draw(w, 3600);
}

static void expect_known(const World *w, size_t c) {
        const Receiver *r = &w->receivers[c];

        for (unsigned i = 0; i < SITES; i++)
                if (channels[c].deaf ? w->down[i] && !r->sites[i].open
                                     : w->down[i] != r->sites[i].open)
                        fail_msg("%s does not know that website %u is %s", channels[c].name, i,
                                 w->down[i] ? "down" : "up");
}

/* Some hours, until after midnight where the quiet ones live; all of it with DPIN_LONG. */
static uint64_t day_length(void) {
        return (getenv("DPIN_LONG") ? 24 : 5) * UINT64_C(3600);
}

static void everybody_knows_and_nobody_is_flooded(void **state) {
        static World w;

        w = (World){ .fixture = *state, .now = START, .evening = START + day_length(), .seed = 1 };
        prepare(&w);
        for (; w.now < w.evening + CALM; w.now += STEP) {
                if (w.now < w.evening)
                        flap(&w);
                deliver(&w);
        }
        for (size_t c = 0; c < CHANNELS; c++) {
                const Receiver *r = &w.receivers[c];

                printf("%s: %u messages, %u of them digests and %u reminders; at most %u in an hour"
                       " of %u\n",
                       channels[c].name, r->n, r->digests, r->reminders, r->most,
                       channels[c].per_hour);
                assert_true(r->most <= channels[c].per_hour);
                expect_known(&w, c);
        }
        fixture_expect(w.fixture, "SELECT count(*) FROM alert_outbox WHERE state = 'pending'", "0");
        fixture_expect(w.fixture, "SELECT sum(refused) FROM alert_channel", "0");
        pq_script_close(w.script);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(everybody_knows_and_nobody_is_flooded),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
