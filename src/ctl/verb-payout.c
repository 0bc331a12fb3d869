/* dpinctl payout */
#include "ctl/bus.h"
#include "ctl/print.h"

#define ROW "(sssxssttt)"

static const TableColumn columns[] = {
        { "ID", "id", CELL_TEXT },
        { "VALIDATOR", "validatorId", CELL_TEXT },
        { "NAME", "validatorName", CELL_TEXT },
        { "LAMPORTS", "amount", CELL_NUMBER },
        { "STATUS", "status", CELL_TEXT },
        { "TRANSACTION", "transactionId", CELL_TEXT },
        { "REQUESTED", "requestedAt", CELL_TIME },
        { "APPROVED", "approvedAt", CELL_TIME },
        { "SETTLED", "settledAt", CELL_TIME },
        { 0 },
};

static int read_row(sd_bus_message *m, void *userdata) {
        const char *id, *validator, *name, *status, *transaction;
        uint64_t requested, approved, settled;
        Table *t = userdata;
        int64_t lamports;
        int r;

        r = sd_bus_message_read(m, ROW, &id, &validator, &name, &lamports, &status, &transaction,
                                &requested, &approved, &settled);
        if (r <= 0)
                return r;
        table_text(t, id);
        table_text(t, validator);
        table_text(t, name);
        table_number(t, lamports);
        table_text(t, status);
        table_text(t, transaction);
        table_number(t, (int64_t)requested);
        table_number(t, (int64_t)approved);
        table_number(t, (int64_t)settled);
        return 1;
}

CtlExit verb_payout_list(const Args *args, const char *const *words _unused_) {
        const char *state = args->options[OPTION_STATE];
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args, &(const BusList){ .service = &service_hub,
                                             .member = "ListPayouts",
                                             .types = ROW,
                                             .state = state ? state : "",
                                             .row = read_row,
                                             .userdata = t });
        return e == CTL_OK ? print_table(args, t) : e;
}

CtlExit verb_payout_approve(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "ApprovePayout" }, NULL, "s",
                       words[0]);
}

CtlExit verb_payout_settle(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "SettlePayout" }, NULL, "ss",
                       words[0], words[1]);
}
