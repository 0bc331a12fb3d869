/* dpinctl maintenance */
#include "ctl/bus.h"
#include "ctl/print.h"

static const TableColumn columns[] = {
        { "ID", "id", CELL_TEXT },
        { "TITLE", "title", CELL_TEXT },
        { "WEBSITES", "websites", CELL_TEXT },
        { "CRON", "cron", CELL_TEXT },
        { "ZONE", "timeZone", CELL_TEXT },
        { "DURATION", "durationMs", CELL_NUMBER },
        { "FROM", "from", CELL_TIME },
        { "UNTIL", "until", CELL_TIME },
        { 0 },
};

static int read_row(sd_bus_message *m, void *userdata) {
        const char *id, *title, *websites, *cron, *zone;
        uint64_t duration, from, until;
        Table *t = userdata;
        int r;

        r = sd_bus_message_read(m, "(sssssttt)", &id, &title, &websites, &cron, &zone, &duration,
                                &from, &until);
        if (r <= 0)
                return r;
        table_text(t, id);
        table_text(t, title);
        table_text(t, *websites ? websites : "all");
        table_text(t, cron);
        table_text(t, zone);
        table_number(t, (int64_t)duration);
        table_number(t, (int64_t)from);
        table_number(t, (int64_t)until);
        return 1;
}

CtlExit verb_maintenance_list(const Args *args, const char *const *words _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args, &(const BusList){ .service = &service_hub,
                                             .member = "ListMaintenance",
                                             .types = "(sssssttt)",
                                             .row = read_row,
                                             .userdata = t });
        return e == CTL_OK ? print_table(args, t) : e;
}

static int append_text(sd_bus_message *call, const char *name, const char *value) {
        return value ? sd_bus_message_append(call, "{sv}", name, "s", value) : 0;
}

static int append_window(sd_bus_message *call, const Args *args, uint64_t duration) {
        const struct {
                const char *name;
                Option option;
        } texts[] = {
                { "cron", OPTION_CRON },           { "from", OPTION_FROM },
                { "time_zone", OPTION_TIME_ZONE }, { "title", OPTION_TITLE },
                { "until", OPTION_UNTIL },         { "websites", OPTION_WEBSITES },
        };
        int r;

        r = sd_bus_message_open_container(call, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++)
                r = append_text(call, texts[i].name, args->options[texts[i].option]);
        if (r >= 0 && args->options[OPTION_DURATION])
                r = sd_bus_message_append(call, "{sv}", "duration_ms", "t", duration);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

CtlExit verb_maintenance_add(const Args *args, const char *const *words _unused_) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *id, *duration = args->options[OPTION_DURATION];
        sd_bus_message *call;
        uint64_t ms = 0;
        CtlExit e;
        int r;

        if (duration && args_duration_ms(duration, &ms) < 0) {
                fprintf(stderr, "dpinctl: --duration: \"%s\" is no time like 30m or 2h\n",
                        duration);
                return CTL_USAGE;
        }
        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        call = bus_prepare(bus, &service_hub, "AddMaintenance");
        if (!call)
                return CTL_FAILED;
        e = bus_send(&service_hub, call, append_window(call, args, ms), &answer);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &id);
        return r < 0 ? bus_garbled(&service_hub, r) : print_value(args, "id", id);
}

CtlExit verb_maintenance_remove(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "RemoveMaintenance" }, NULL, "s",
                       words[0]);
}
