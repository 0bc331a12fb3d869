/* dpinctl incident */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/print.h"

#define ROW   "(ssssssstttss)"
#define ENTRY "(tsss)"

#define COLUMNS                                                                                    \
        { "ID", "id", CELL_TEXT }, { "WEBSITE", "websiteId", CELL_TEXT },                          \
                        { "URL", "url", CELL_TEXT }, { "KIND", "kind", CELL_TEXT },                \
                        { "SEVERITY", "severity", CELL_TEXT }, { "WHAT", "summary", CELL_TEXT },   \
                        { "CAUSE", "cause", CELL_TEXT }, { "OPENED", "openedAt", CELL_TIME },      \
                        { "CLOSED", "closedAt", CELL_TIME },                                       \
                        { "ACKNOWLEDGED", "acknowledgedAt", CELL_TIME },                           \
                        { "BY", "acknowledgedBy", CELL_TEXT }, {                                   \
                "ASSIGNEE", "assignee", CELL_TEXT                                                  \
        }

static const TableColumn columns[] = { COLUMNS, { 0 } };
static const TableColumn whole[] = { COLUMNS, { "TIMELINE", "events", CELL_TABLE }, { 0 } };

static const TableColumn entries[] = {
        { "AT", "at", CELL_TIME },
        { "WHAT", "kind", CELL_TEXT },
        { "WHO", "actor", CELL_TEXT },
        { "TEXT", "text", CELL_TEXT },
        { 0 },
};

static int read_row(sd_bus_message *m, void *userdata) {
        const char *texts[7], *by, *assignee;
        uint64_t opened, closed, acknowledged;
        Table *t = userdata;
        int r;

        r = sd_bus_message_read(m, ROW, &texts[0], &texts[1], &texts[2], &texts[3], &texts[4],
                                &texts[5], &texts[6], &opened, &closed, &acknowledged, &by,
                                &assignee);
        if (r <= 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                table_text(t, texts[i]);
        table_number(t, (int64_t)opened);
        table_number(t, (int64_t)closed);
        table_number(t, (int64_t)acknowledged);
        table_text(t, by);
        table_text(t, assignee);
        return 1;
}

CtlExit verb_incident_list(const Args *args, const char *const *words _unused_) {
        const char *state = args->options[OPTION_STATE];
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args,
                     &(const BusList){ .service = &service_hub,
                                       .member = "ListIncidents",
                                       .types = ROW,
                                       .state = state && strcmp(state, "all") != 0 ? state : "",
                                       .row = read_row,
                                       .userdata = t });
        return e == CTL_OK ? print_table(args, t) : e;
}

/* Showing -------------------------------------------------------------------------------------- */

typedef struct Timeline {
        Table *table;
        bool people; /* a line each */
} Timeline;

static int read_entry(sd_bus_message *m, void *userdata) {
        const Timeline *timeline = userdata;
        const char *kind, *actor, *text;
        char *line;
        uint64_t at;
        int r;

        r = sd_bus_message_read(m, ENTRY, &at, &kind, &actor, &text);
        if (r <= 0)
                return r;
        table_number(timeline->table, (int64_t)at);
        table_text(timeline->table, kind);
        table_text(timeline->table, actor);
        line = strdup(text);
        if (!line)
                return -ENOMEM;
        for (char *c = line; timeline->people && *c; c++)
                if (*c == '\n' || *c == '\t')
                        *c = ' ';
        table_text(timeline->table, line);
        free(line);
        return 1;
}

static CtlExit read_timeline(const Args *args, const char *id, Table **ret) {
        _cleanup_(table_freep) Table *t = NULL;
        Timeline timeline;
        CtlExit e;

        if (table_new(&t, entries) < 0)
                return CTL_FAILED;
        timeline = (Timeline){ t, !args->options[OPTION_JSON] };
        e = bus_list(args, &(const BusList){ .service = &service_hub,
                                             .member = "ListIncidentEvents",
                                             .types = ENTRY,
                                             .state = id,
                                             .row = read_entry,
                                             .userdata = &timeline });
        if (e == CTL_OK)
                *ret = TAKE_PTR(t);
        return e;
}

static CtlExit show(const Args *args, const Table *incident, const Table *timeline) {
        CtlExit e = print_record(args, incident);

        if (e != CTL_OK || args->options[OPTION_JSON])
                return e;
        putchar('\n');
        return print_rows_at_once(args, timeline);
}

CtlExit verb_incident_show(const Args *args, const char *const *words) {
        bool json = args->options[OPTION_JSON];
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(table_freep) Table *t = NULL, *timeline = NULL;
        CtlExit e;
        int r;

        if (table_new(&t, json ? whole : columns) < 0)
                return CTL_FAILED;
        e = bus_ask(args, &(const BusMethod){ &service_hub, "ShowIncident" }, &answer, "s",
                    words[0]);
        if (e == CTL_OK)
                e = read_timeline(args, words[0], &timeline);
        if (e != CTL_OK)
                return e;
        r = read_row(answer, t);
        if (r < 0)
                return bus_garbled(&service_hub, r);
        if (json)
                table_table(t, timeline);
        return show(args, t, timeline);
}

/* Deeds ---------------------------------------------------------------------------------------- */

CtlExit verb_incident_acknowledge(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "AcknowledgeIncident" }, NULL, "s",
                       words[0]);
}

CtlExit verb_incident_assign(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "AssignIncident" }, NULL, "ss",
                       words[0], words[1] ? words[1] : "");
}

CtlExit verb_incident_note(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "NoteIncident" }, NULL, "ss",
                       words[0], words[1]);
}

CtlExit verb_incident_open(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *id;
        CtlExit e;
        int r;

        e = bus_ask(args, &(const BusMethod){ &service_hub, "OpenIncident" }, &answer, "sss",
                    words[0], words[1], words[2] ? words[2] : "");
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &id);
        return r < 0 ? bus_garbled(&service_hub, r) : print_value(args, "id", id);
}

CtlExit verb_incident_resolve(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "ResolveIncident" }, NULL, "s",
                       words[0]);
}
