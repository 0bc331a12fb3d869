/* Incidents as the administrator sees them: those of every organisation; and what people do with
 * them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/bus-deeds.h"
#include "store/incident-deeds.h"
#include "store/incident-views.h"

#define ROW     "(ssssssstttss)"
#define ENTRY   "(tsss)"
#define ID      "An incident's id"
#define NO_SUCH "No incident has this id"

/* Listing -------------------------------------------------------------------------------------- */

static int append_row(sd_bus_message *answer, const void *row) {
        const IncidentItem *i = row;
        char id[UUID_TEXT_SIZE], website[UUID_TEXT_SIZE];

        return sd_bus_message_append(answer, ROW, uuid_format(&i->id, id),
                                     uuid_format(&i->website, website), i->url, i->kind,
                                     i->severity, i->summary, i->cause, bus_seconds(i->opened),
                                     bus_seconds(i->closed), bus_seconds(i->acknowledged),
                                     i->acknowledged_by, i->assignee);
}

static void on_listed(int r, const IncidentItem *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(IncidentItem, id),
                                        .append = append_row });
}

void hub_bus_list_incidents(BusCall *c, void *userdata) {
        IncidentList list = { 0 };
        const char *state;
        int r;

        if (!bus_call_read_page(c, &state, &list.page))
                return;
        if (state && strcmp(state, "open") != 0) {
                bus_call_fail(c, -EINVAL, "Only the open incidents are listed apart from all");
                return;
        }
        list.open = state != NULL;
        r = incidents_some(hub_manager_store(userdata), &list, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

static void on_found(int r, const IncidentItem *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, append_row(answer, rows));
}

void hub_bus_show_incident(BusCall *c, void *userdata) {
        Uuid id;
        int r;

        if (!bus_call_read_id(c, ID, &id))
                return;
        r = incident_find(hub_manager_store(userdata), &id, on_found, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* One's timeline ------------------------------------------------------------------------------- */

static void on_entries(int r, const IncidentEntry *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        size_t shown = MIN(n, (size_t)bus_call_note(c)->limit);
        sd_bus_message *answer = bus_call_open_page(c, r, ENTRY);
        char next[24] = "";

        if (!answer)
                return;
        for (size_t i = 0; r >= 0 && i < shown; i++)
                r = sd_bus_message_append(answer, ENTRY, bus_seconds(rows[i].at), rows[i].kind,
                                          rows[i].actor, rows[i].text);
        if (shown < n)
                snprintf(next, sizeof(next), "%llu", (unsigned long long)rows[shown - 1].number);
        bus_call_close_page(c, answer, r, next);
}

void hub_bus_list_incident_events(BusCall *c, void *userdata) {
        IncidentQuery view = { 0 };
        const char *id, *after;
        char *end;
        int r;

        if (!bus_call_read_cursor(c, &id, &after))
                return;
        errno = 0;
        view.after = strtoull(after, &end, 10);
        view.limit = bus_call_note(c)->limit + 1;
        if (!id || uuid_parse(id, &view.id) < 0 || errno || *end || view.after > INT64_MAX) {
                bus_call_fail(c, -EINVAL,
                              "An incident's id is a UUID of 36 characters, and a page goes on "
                              "after"
                              " what the page before gave as next");
                return;
        }
        r = incident_entries(hub_manager_store(userdata), &view, on_entries, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Deeds ---------------------------------------------------------------------------------------- */

/* The open one is named for whoever would report another. */
static void refuse(BusCall *c, const DeedResult *result) {
        static const int errors[_DEED_OUTCOME_MAX] = {
                [DEED_CLOSED] = -ESTALE, [DEED_FULL] = -ESTALE,     [DEED_JUDGED] = -ESTALE,
                [DEED_OPEN] = -EEXIST,   [DEED_STRANGER] = -EINVAL,
        };
        char text[256], id[UUID_TEXT_SIZE];
        bool named = result->outcome == DEED_OPEN;

        snprintf(text, sizeof(text), "%s%s%s", deed_refusal(result->outcome), named ? ": " : "",
                 named ? uuid_format(&result->incident, id) : "");
        bus_call_fail(c, errors[result->outcome], text);
}

/* false: answered. */
static bool is_done(BusCall *c, int r, const DeedResult *result) {
        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? bus_call_note(c)->text : NULL);
                return false;
        }
        if (deed_refusal(result->outcome)) {
                refuse(c, result);
                return false;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "something was done with an incident",
                  "DPIN_ACTOR=%s\nDPIN_INCIDENT=%s\nDPIN_DEED=%s", bus_call_actor(c),
                  bus_call_note(c)->id, sd_bus_message_get_member(bus_call_message(c)));
        return true;
}

static void on_done(int r, const DeedResult *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (is_done(c, r, rows))
                bus_call_reply_done(c);
}

static void act(BusCall *c, HubManager *m, IncidentDo how, const char *text) {
        IncidentDeed deed = { .text = text, .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, ID, &deed.incident))
                return;
        bus_call_note(c)->text = strdup(NO_SUCH);
        r = how(hub_manager_store(m), &deed, on_done, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_acknowledge_incident(BusCall *c, void *userdata) {
        act(c, userdata, deed_acknowledge, NULL);
}

void hub_bus_resolve_incident(BusCall *c, void *userdata) {
        act(c, userdata, deed_resolve, NULL);
}

void hub_bus_assign_incident(BusCall *c, void *userdata) {
        const char *id, *email;

        if (bus_call_read(c, "ss", &id, &email))
                act(c, userdata, deed_assign, *email ? email : NULL);
}

/* false: answered. */
static bool judge(BusCall *c, const TextRule *rule, const char *text) {
        char why[TEXT_REFUSAL_SIZE];

        if (text_judge(rule, text, why) == 0)
                return true;
        bus_call_fail(c, -EINVAL, why);
        return false;
}

void hub_bus_note_incident(BusCall *c, void *userdata) {
        const char *id, *text;

        if (bus_call_read(c, "ss", &id, &text) && judge(c, &incident_note_rule, text))
                act(c, userdata, deed_note, text);
}

static void on_opened(int r, const DeedResult *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        sd_bus_message *answer;

        if (!is_done(c, r, rows))
                return;
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, sd_bus_message_append(answer, "s", bus_call_note(c)->id));
}

void hub_bus_open_incident(BusCall *c, void *userdata) {
        IncidentReport report = { .incident = uuid7_new(now_realtime()),
                                  .actor = bus_call_actor(c) };
        const char *website;
        int r;

        if (!bus_call_read(c, "sss", &website, &report.title, &report.text))
                return;
        if (!judge(c, &incident_title_rule, report.title) ||
            (*report.text && !judge(c, &incident_text_rule, report.text)))
                return;
        if (!bus_call_read_id(c, "A website's id", &report.website))
                return;
        uuid_format(&report.incident, bus_call_note(c)->id);
        bus_call_note(c)->text = strdup("No website has this id");
        r = deed_report(hub_manager_store(userdata), &report, on_opened, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
