/* Texts have limits here, so that none of them is long; what they say is judged where it is known.
 */
#include "api/maintenance-body.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

#define TITLE_SIZE  1024u /* longer than allowed, so that the reason can be told */
#define MOMENT_SIZE 64u
#define CRON_SIZE   1024u
#define ZONE_SIZE   64u

#define MEMBER(NAME, TYPE, MEMBER_NAME, SEEN, SIZE)                                                \
        {                                                                                          \
                .name = NAME, .type = TYPE, .optional = true, .nullable = true,                    \
                .offset = offsetof(MaintenanceBody, MEMBER_NAME),                                  \
                .seen = offsetof(MaintenanceBody, SEEN), .size = SIZE,                             \
                .max = (TYPE) == JSON_STRINGS ? MAINTENANCE_WEBSITES_MAX : 0                       \
        }

static const JsonField fields[] = {
        MEMBER("cron", JSON_TEXT, cron, cron_seen, CRON_SIZE),
        MEMBER("durationMs", JSON_NUMBER, duration_ms, duration_seen, 0),
        MEMBER("from", JSON_TEXT, from, from_seen, MOMENT_SIZE),
        MEMBER("timeZone", JSON_TEXT, time_zone, zone_seen, ZONE_SIZE),
        { .name = "title",
          .type = JSON_TEXT,
          .optional = true,
          .offset = offsetof(MaintenanceBody, title),
          .size = TITLE_SIZE },
        MEMBER("until", JSON_TEXT, until, until_seen, MOMENT_SIZE),
        MEMBER("websiteIds", JSON_STRINGS, websites, websites_seen, UUID_TEXT_SIZE - 1),
        { 0 },
};

static const BodyWords words[] = {
        { "cron", "must be a text of five fields, as \"0 3 * * sun\"" },
        { "durationMs", "must be a whole number from 60000 to 86400000" },
        { "from", "must be a moment, as \"2026-11-29T02:00:00Z\"" },
        { "timeZone", "must be a time zone's name, as \"Europe/Berlin\"" },
        { "title", "must be a line of at most 200 characters" },
        { "until", "must be a moment, as \"2026-11-29T04:00:00Z\"" },
        { "websiteIds", "must be a list of 1 to 100 UUIDs, or null for all websites" },
        { 0 },
};

static const BodyTable table = { fields, words };

/* All of them is never meant by saying nothing. */
static int join_websites(MaintenanceBody *b, BodyProblem *p) {
        char *at = b->websites_text;

        if (b->websites_seen == JSON_SEEN_NOTHING ||
            (b->websites_seen == JSON_SEEN_VALUE && b->websites.n == 0))
                return body_refuse(p, &table, "websiteIds");
        for (size_t i = 0; i < b->websites.n; i++) {
                Uuid id;

                if (uuid_parse(b->websites.items[i], &id) < 0)
                        return body_refuse(p, &table, "websiteIds");
                if (i > 0)
                        *at++ = ',';
                (void)uuid_format(&id, at);
                at += UUID_TEXT_SIZE - 1;
        }
        return 0;
}

int maintenance_body_read(const char *text, size_t n, MaintenanceBody *ret, BodyProblem *problem) {
        int r;

        *ret = (MaintenanceBody){ 0 };
        r = body_read(text, n, &table, ret, problem);
        if (r >= 0 && ret->duration_seen == JSON_SEEN_VALUE && ret->duration_ms <= 0)
                r = body_refuse(problem, &table, "durationMs");
        if (r >= 0)
                r = join_websites(ret, problem);
        if (r < 0)
                maintenance_body_done(ret);
        return r;
}

void maintenance_body_fill(const MaintenanceBody *body, MaintenanceAdd *ret) {
        ret->title = body->title ? body->title : "";
        ret->websites = body->websites.n > 0 ? body->websites_text : NULL;
        ret->from = body->from;
        ret->until = body->until;
        ret->cron = body->cron;
        ret->time_zone = body->time_zone;
        ret->duration_ms = (uint64_t)body->duration_ms;
}

void maintenance_body_done(MaintenanceBody *body) {
        json_done(fields, body);
}
