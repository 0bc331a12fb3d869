/* dpinctl validator */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/print.h"

#define ROW "(sssssubsstxx)"

static const TableColumn columns[] = {
        { "KEY", "id", CELL_TEXT },
        { "NAME", "name", CELL_TEXT },
        { "STATE", "state", CELL_TEXT },
        { "OPERATOR", "operator", CELL_TEXT },
        { "REGION", "region", CELL_TEXT },
        { "ASN", "asn", CELL_NUMBER },
        { "CONNECTED", "connected", CELL_BOOL },
        { "VERSION", "version", CELL_TEXT },
        { "ADDRESS", "address", CELL_TEXT },
        { "SEEN", "lastSeen", CELL_TIME },
        { "LAMPORTS", "pendingPayouts", CELL_NUMBER },
        { "CLOCK MS", "clockOffsetMs", CELL_NUMBER },
        { 0 },
};

typedef struct Row {
        const char *key, *name, *state, *operator_name, *region, *version, *address;
        uint32_t asn;
        int connected;
        uint64_t seen;
        int64_t lamports, clock_offset;
} Row;

static int read_validator(sd_bus_message *m, Row *v) {
        return sd_bus_message_read(m, ROW, &v->key, &v->name, &v->state, &v->operator_name,
                                   &v->region, &v->asn, &v->connected, &v->version, &v->address,
                                   &v->seen, &v->lamports, &v->clock_offset);
}

static void add_row(Table *t, const Row *v) {
        table_text(t, v->key);
        table_text(t, v->name);
        table_text(t, v->state);
        table_text(t, v->operator_name);
        table_text(t, v->region);
        table_number(t, v->asn);
        table_number(t, v->connected);
        table_text(t, v->version);
        table_text(t, v->address);
        table_number(t, (int64_t)v->seen);
        table_number(t, v->lamports);
        table_number(t, v->clock_offset / 1000);
}

static int read_row(sd_bus_message *m, void *userdata) {
        Row v = { 0 };
        int r;

        r = read_validator(m, &v);
        if (r > 0)
                add_row(userdata, &v);
        return r;
}

CtlExit verb_validator_list(const Args *args, const char *const *words _unused_) {
        const char *state = args->options[OPTION_STATE];
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args, &(const BusList){ .service = &service_hub,
                                             .member = "ListValidators",
                                             .types = ROW,
                                             .state = state ? state : "",
                                             .row = read_row,
                                             .userdata = t });
        return e == CTL_OK ? print_table(args, t) : e;
}

CtlExit verb_validator_show(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;
        int r;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_ask(args, &(const BusMethod){ &service_hub, "ShowValidator" }, &answer, "s",
                    words[0]);
        if (e != CTL_OK)
                return e;
        r = read_row(answer, t);
        return r < 0 ? bus_garbled(&service_hub, r) : print_record(args, t);
}

CtlExit verb_validator_approve(const Args *args, const char *const *words) {
        const char *operator_name = args->options[OPTION_OPERATOR],
                   *asn = args->options[OPTION_ASN];
        const char *region = args->options[OPTION_REGION];
        uint32_t number = 0;

        if (asn && args_number(asn, UINT32_MAX, &number) < 0) {
                fprintf(stderr, "dpinctl: --asn: \"%s\" is no number of a network\n", asn);
                return CTL_USAGE;
        }
        return bus_ask(args, &(const BusMethod){ &service_hub, "ApproveValidator" }, NULL, "sssu",
                       words[0], operator_name ? operator_name : "", region ? region : "", number);
}

CtlExit verb_validator_suspend(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "SuspendValidator" }, NULL, "s",
                       words[0]);
}
