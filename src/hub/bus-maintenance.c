/* When websites are worked at, as the administrator says it. What cannot be is told by the
 * database. */
#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/bus-deeds.h"
#include "store/maintenance.h"

#define ROW "(sssssttt)"

/* Listing -------------------------------------------------------------------------------------- */

static int append_row(sd_bus_message *answer, const void *row) {
        const MaintenanceRow *m = row;
        char id[UUID_TEXT_SIZE];

        return sd_bus_message_append(answer, ROW, uuid_format(&m->id, id), m->title, m->websites,
                                     m->cron, m->time_zone, m->duration_ms, bus_seconds(m->from),
                                     bus_seconds(m->until));
}

static void on_listed(int r, const MaintenanceRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(MaintenanceRow, id),
                                        .append = append_row });
}

void hub_bus_list_maintenance(BusCall *c, void *userdata) {
        StorePage page;
        int r;

        if (!bus_call_read_page(c, NULL, &page))
                return;
        r = maintenance_page(hub_manager_store(userdata), &page, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Adding --------------------------------------------------------------------------------------- */

static int read_option(sd_bus_message *m, MaintenanceAdd *add) {
        const struct {
                const char *name, **ret;
        } texts[] = {
                { "cron", &add->cron },           { "from", &add->from },
                { "time_zone", &add->time_zone }, { "title", &add->title },
                { "until", &add->until },         { "websites", &add->websites },
        };
        const char *key;
        int r;

        r = sd_bus_message_read(m, "s", &key);
        if (r < 0)
                return r;
        if (strcmp(key, "duration_ms") == 0)
                return sd_bus_message_read(m, "v", "t", &add->duration_ms);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (strcmp(key, texts[i].name) == 0)
                        return sd_bus_message_read(m, "v", "s", texts[i].ret);
        return -EINVAL;
}

static int read_options(sd_bus_message *m, MaintenanceAdd *add) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_option(m, add);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

static void on_added(int r, const char *error, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const char *id = bus_call_note(c)->id;
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r == -EDOM ? -EINVAL : r,
                              r == -EDOM     ? error
                              : r == -EINVAL ? "The websites are ids with a comma between them"
                                             : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "maintenance was announced",
                  "DPIN_ACTOR=%s\nDPIN_MAINTENANCE=%s", bus_call_actor(c), id);
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, sd_bus_message_append(answer, "s", id));
}

void hub_bus_add_maintenance(BusCall *c, void *userdata) {
        MaintenanceAdd add = { .id = uuid7_new(now_realtime()), .actor = bus_call_actor(c) };
        int r;

        if (read_options(bus_call_message(c), &add) < 0) {
                bus_call_fail(c, -EINVAL,
                              "The options are cron, from, time_zone, title, until and websites "
                              "(s) and duration_ms (t)");
                return;
        }
        if (add.cron && !add.time_zone)
                add.time_zone = "UTC";
        uuid_format(&add.id, bus_call_note(c)->id);
        r = maintenance_add(hub_manager_store(userdata), &add, on_added, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Removing ------------------------------------------------------------------------------------- */

static void on_removed(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? "No maintenance has this id" : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "maintenance was called off",
                  "DPIN_ACTOR=%s\nDPIN_MAINTENANCE=%s", bus_call_actor(c), bus_call_note(c)->id);
        bus_call_reply_done(c);
}

void hub_bus_remove_maintenance(BusCall *c, void *userdata) {
        MaintenanceRemove remove = { .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, "An id of maintenance", &remove.id))
                return;
        r = maintenance_remove(hub_manager_store(userdata), &remove, on_removed, c,
                               bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
