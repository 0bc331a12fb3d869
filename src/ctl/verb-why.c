/* dpinctl website why: the sentence is the hub's, the rows are the seats of its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-path.h"
#include "ctl/bus.h"
#include "ctl/print.h"

#define SEATS_MAX 64

/* By the names of the answer's members, in the order in which they are shown. */
static const TableColumn columns[] = {
        { "SEAT", "seat", CELL_NUMBER },
        { "VOTE", "vote", CELL_TEXT },
        { "AGE", "ageMs", CELL_TEXT },
        { "VALIDATOR", "validatorName", CELL_TEXT },
        { "KEY", "validatorId", CELL_TEXT },
        { "REGION", "region", CELL_TEXT },
        { "LATENCY", "latencyMs", CELL_TEXT },
        { "ERROR", "error", CELL_TEXT },
        { "MISSING", "missing", CELL_TEXT },
        { "AWAY SINCE", "awaySince", CELL_TEXT },
        { 0 },
};

/* "" where there is nothing. Freed by the caller; NULL: out of memory. */
static char *find_text(const char *verdict, const char *path) {
        char *text = NULL;
        JsonValue v;

        if (json_path_find(path, verdict, strlen(verdict), &v) <= 0 || v.kind == JSON_IS_NULL)
                return strdup("");
        return json_value_text(&v, &text) < 0 ? NULL : text;
}

static void add_cell(Table *t, const TableColumn *c, const char *text) {
        char shown[32];
        double ms = strtod(text, NULL);
        const char *name = c->json;

        if (c->kind == CELL_NUMBER) {
                table_number(t, strtol(text, NULL, 10));
        } else if (*text && strcmp(name, "ageMs") == 0) {
                snprintf(shown, sizeof(shown), "%.1f s", ms / 1000);
                table_text(t, shown);
        } else if (*text && strcmp(name, "latencyMs") == 0) {
                snprintf(shown, sizeof(shown), "%.1f ms", ms);
                table_text(t, shown);
        } else {
                table_text(t, text);
        }
}

static void add_seat(Table *t, const char *verdict, unsigned seat) {
        for (const TableColumn *c = columns; c->title; c++) {
                _cleanup_free_ char *text = NULL;
                char path[JSON_PATH_SIZE];

                snprintf(path, sizeof(path), "$.seats[%u].%s", seat, c->json);
                text = find_text(verdict, path);
                add_cell(t, c, text ? text : "");
        }
}

static bool has_seat(const char *verdict, unsigned seat) {
        char path[JSON_PATH_SIZE];
        JsonValue v;

        snprintf(path, sizeof(path), "$.seats[%u]", seat);
        return json_path_find(path, verdict, strlen(verdict), &v) > 0;
}

static CtlExit show(const Args *args, const char *verdict) {
        _cleanup_free_ char *state = find_text(verdict, "$.state");
        _cleanup_free_ char *since = find_text(verdict, "$.since");
        _cleanup_free_ char *why = find_text(verdict, "$.why");
        _cleanup_(table_freep) Table *t = NULL;

        if (!state || !since || !why || table_new(&t, columns) < 0)
                return CTL_FAILED;
        printf("%s%s%s: %s\n", state, *since ? " since " : "", since, why);
        for (unsigned i = 0; i < SEATS_MAX && has_seat(verdict, i); i++)
                add_seat(t, verdict, i);
        if (table_is_empty(t))
                return CTL_OK;
        putchar('\n');
        return print_rows_at_once(args, t);
}

CtlExit verb_website_why(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *at = args->options[OPTION_AT], *verdict;
        CtlExit e;
        int r;

        e = bus_ask(args, &(const BusMethod){ &service_hub, "ShowVerdict" }, &answer, "ss",
                    words[0], at ? at : "");
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &verdict);
        if (r < 0)
                return bus_garbled(&service_hub, r);
        if (!args->options[OPTION_JSON])
                return show(args, verdict);
        puts(verdict);
        return CTL_OK;
}
