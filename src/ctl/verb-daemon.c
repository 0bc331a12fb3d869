/* dpinctl reload, hub reload, log-level: what every daemon can be asked for. */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/print.h"

static Service log_control_of(const Service *s) {
        return (Service){ s->unit, s->name, "/org/freedesktop/LogControl1" };
}

/* Reloading ------------------------------------------------------------------------------------ */

static CtlExit reload(sd_bus *bus, const Service *s) {
        sd_bus_message *call = bus_prepare(bus, s, "Reload");

        return call ? bus_send(s, call, 0, NULL) : CTL_FAILED;
}

/* The first failure is what it ends with; the others are tried all the same. */
static CtlExit reload_named(sd_bus *bus, const char *const *words) {
        CtlExit all = CTL_OK, e;

        for (size_t i = 0; words[i]; i++) {
                const Service *s = service_find(words[i]);

                e = s ? reload(bus, s) : CTL_USAGE;
                all = all == CTL_OK ? e : all;
        }
        return all;
}

static CtlExit reload_running(sd_bus *bus) {
        CtlExit all = CTL_OK, e;
        bool any = false;

        for (size_t i = 0; services[i]; i++) {
                if (!bus_is_running(bus, services[i]))
                        continue;
                any = true;
                e = reload(bus, services[i]);
                all = all == CTL_OK ? e : all;
        }
        if (any)
                return all;
        fprintf(stderr, "dpinctl: no daemon of dpin runs here: systemctl status 'dpin-*'\n");
        return CTL_UNAVAILABLE;
}

CtlExit verb_reload(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        CtlExit e;

        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        return words[0] ? reload_named(bus, words) : reload_running(bus);
}

CtlExit verb_hub_reload(const Args *args, const char *const *words _unused_) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "Reload" }, NULL, "");
}

/* Log levels ----------------------------------------------------------------------------------- */

static const TableColumn columns[] = {
        { "DAEMON", "daemon", CELL_TEXT },
        { "LEVEL", "level", CELL_TEXT },
        { 0 },
};

static CtlExit get_level(sd_bus *bus, const Service *s, Table *t) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const Service control = log_control_of(s);
        const char *level;
        CtlExit e;
        int r;

        e = bus_property(bus, &control, "LogLevel", &answer);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "v", "s", &level);
        if (r < 0)
                return bus_garbled(s, r);
        table_text(t, s->unit);
        table_text(t, level);
        return CTL_OK;
}

static CtlExit show_levels(const Args *args, sd_bus *bus, const Service *only) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e = CTL_OK;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        if (only)
                e = get_level(bus, only, t);
        for (size_t i = 0; !only && services[i] && e == CTL_OK; i++)
                if (bus_is_running(bus, services[i]))
                        e = get_level(bus, services[i], t);
        return e == CTL_OK ? print_table(args, t) : e;
}

static CtlExit set_level(sd_bus *bus, const Service *s, const char *level) {
        const Service control = log_control_of(s);
        sd_bus_message *call = bus_prepare_set(bus, &control, "LogLevel");
        int r;

        if (!call)
                return CTL_FAILED;
        r = sd_bus_message_append(call, "v", "s", level);
        return bus_send(s, call, r, NULL);
}

CtlExit verb_log_level(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const Service *s = words[0] ? service_find(words[0]) : NULL;
        CtlExit e;

        if (words[0] && !s)
                return CTL_USAGE;
        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        return words[0] && words[1] ? set_level(bus, s, words[1]) : show_levels(args, bus, s);
}
