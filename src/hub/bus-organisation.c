/* For how many days organisations keep what was seen. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/bus-deeds.h"
#include "store/retention.h"

#define ROW     "(ssuu)"
#define OWN     "own"
#define NO_SUCH "No organisation has this id"

/* Listing -------------------------------------------------------------------------------------- */

static int append_row(sd_bus_message *answer, const void *row) {
        const RetentionRow *o = row;
        char id[UUID_TEXT_SIZE];

        return sd_bus_message_append(answer, ROW, uuid_format(&o->organisation, id), o->name,
                                     o->days_raw, o->days_hour);
}

static void on_listed(int r, const RetentionRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(RetentionRow, organisation),
                                        .append = append_row });
}

void hub_bus_list_organisations(BusCall *c, void *userdata) {
        RetentionPage page = { 0 };
        const char *state;
        int r;

        if (!bus_call_read_page(c, &state, &page.ids))
                return;
        if (state && strcmp(state, OWN) != 0) {
                bus_call_fail(c, -EINVAL,
                              "It is all organisations, or own: with days of their own");
                return;
        }
        page.own = state;
        r = retention_page(hub_manager_store(userdata), &page, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Keeping -------------------------------------------------------------------------------------- */

static const struct {
        const char *name;
        uint32_t most;
} levels[] = {
        { "raw", RETENTION_RAW_MAX },
        { "hour", RETENTION_HOUR_MAX },
};

/* NULL: this level may be kept for so long; or why not, written to text. */
static const char *refusal(const RetentionChange *change, char text[static 64]) {
        for (size_t i = 0; i < ELEMENTSOF(levels); i++) {
                if (strcmp(change->level, levels[i].name) != 0)
                        continue;
                if (change->days <= levels[i].most)
                        return NULL;
                snprintf(text, 64, "It keeps %s for 1 to %u days, or 0: as configured",
                         levels[i].name, levels[i].most);
                return text;
        }
        return "What it keeps is raw (single results) or hour (sums by hour)";
}

/* false: answered. */
static bool read_change(BusCall *c, RetentionChange *ret) {
        const char *id, *reason;
        char text[64];

        if (!bus_call_read(c, "ssu", &id, &ret->level, &ret->days))
                return false;
        if (uuid_parse(id, &ret->organisation) < 0)
                reason = "An organisation's id has 36 characters";
        else
                reason = refusal(ret, text);
        if (!reason)
                return true;
        bus_call_fail(c, -EINVAL, reason);
        return false;
}

static void on_kept(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        RetentionChange change = { 0 };
        char id[UUID_TEXT_SIZE];

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        if (!read_change(c, &change))
                return;
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "an organisation keeps for other days",
                  "DPIN_ACTOR=%s\nDPIN_ORGANISATION=%s\nDPIN_WHAT=%s\nDPIN_DAYS=%u",
                  bus_call_actor(c), uuid_format(&change.organisation, id), change.level,
                  change.days);
        bus_call_reply_done(c);
}

void hub_bus_keep_organisation(BusCall *c, void *userdata) {
        RetentionChange change = { .actor = bus_call_actor(c) };
        int r;

        if (!read_change(c, &change))
                return;
        r = retention_change(hub_manager_store(userdata), &change, on_kept, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
