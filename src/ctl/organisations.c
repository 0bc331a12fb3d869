/* Their list, page by page. */
#include "ctl/organisations.h"

#include "ctl/bus.h"

#define ROW "(ssuu)"

static const TableColumn columns[] = {
        { "ORGANISATION", "id", CELL_TEXT },
        { "NAME", "name", CELL_TEXT },
        { "RAW DAYS", "rawDays", CELL_DAYS },
        { "HOUR DAYS", "hourDays", CELL_DAYS },
        { 0 },
};

static int read_row(sd_bus_message *m, void *userdata) {
        const char *id, *name;
        uint32_t raw, hour;
        Table *t = userdata;
        int r;

        r = sd_bus_message_read(m, ROW, &id, &name, &raw, &hour);
        if (r <= 0)
                return r;
        table_text(t, id);
        table_text(t, name);
        table_number(t, raw);
        table_number(t, hour);
        return 1;
}

CtlExit organisations_ask(const Args *args, const char *state, Table **ret) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args, &(const BusList){ .service = &service_hub,
                                             .member = "ListOrganisations",
                                             .types = ROW,
                                             .state = state,
                                             .row = read_row,
                                             .userdata = t });
        if (e == CTL_OK)
                *ret = TAKE_PTR(t);
        return e;
}
