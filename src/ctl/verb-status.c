/* dpinctl status: every property of every daemon, so that a new one needs no change here. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/print.h"

#define DETAIL_MAX 2048
#define VALUE_MAX  1024

static const Service *const services[] = { &service_hub, &service_api, &service_validator };

static const TableColumn columns[] = {
        { "DAEMON", "daemon", CELL_TEXT },
        { "STATE", "state", CELL_TEXT },
        { "VERSION", "version", CELL_TEXT },
        { "DETAIL", "detail", CELL_LIST },
        { 0 },
};

typedef struct Condition {
        char state[256], version[32], detail[DETAIL_MAX];
} Condition;

/* Counters by name, those that are not zero: "a:1,b:2". */
static int read_counters(sd_bus_message *m, char *ret, size_t size) {
        const char *name;
        size_t n = 0;
        uint64_t count;
        int r;

        ret[0] = '\0';
        r = sd_bus_message_enter_container(m, 'a', "{st}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{st}", &name, &count)) > 0)
                if (count > 0 && n < size)
                        n += (size_t)snprintf(ret + n, size - n, "%s%s:%" PRIu64, n ? "," : "",
                                              name, count);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* A property of a simple type as text. */
static int read_value(sd_bus_message *m, char *ret, size_t size) {
        const char *contents, *text;
        uint64_t u64;
        uint32_t u32;
        char type;
        int r, b;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        switch (contents[0]) {
        case 'a': /* of counters: there are no others */
                r = read_counters(m, ret, size);
                break;
        case 's':
                r = sd_bus_message_read(m, "s", &text);
                if (r >= 0)
                        snprintf(ret, size, "%s", text);
                break;
        case 'b':
                r = sd_bus_message_read(m, "b", &b);
                if (r >= 0)
                        snprintf(ret, size, "%s", b ? "yes" : "no");
                break;
        case 'u':
                r = sd_bus_message_read(m, "u", &u32);
                if (r >= 0)
                        snprintf(ret, size, "%" PRIu32, u32);
                break;
        case 't':
                r = sd_bus_message_read(m, "t", &u64);
                if (r >= 0)
                        snprintf(ret, size, "%" PRIu64, u64);
                break;
        default:
                r = sd_bus_message_skip(m, contents);
                snprintf(ret, size, "?");
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static void note(Condition *c, const char *name, const char *value) {
        size_t n = strlen(c->detail);

        if (strcmp(name, "State") == 0)
                snprintf(c->state, sizeof(c->state), "%.255s", value);
        else if (strcmp(name, "Version") == 0)
                snprintf(c->version, sizeof(c->version), "%.31s", value);
        else if (*value)
                snprintf(c->detail + n, sizeof(c->detail) - n, "%s%s=%s", n ? " " : "", name,
                         value);
}

static int read_condition(sd_bus_message *m, Condition *c) {
        const char *name;
        char value[VALUE_MAX];
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = read_value(m, value, sizeof(value));
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
                note(c, name, value);
        }
        return r;
}

static CtlExit add_service(Table *t, sd_bus *bus, const Service *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        Condition c = { .state = "not running" };
        CtlExit e;
        int r;

        e = bus_properties(bus, s, &answer);
        if (e != CTL_OK && e != CTL_UNAVAILABLE)
                return e;
        if (e == CTL_OK) {
                r = read_condition(answer, &c);
                if (r < 0)
                        return bus_garbled(s, r);
        }
        table_text(t, s->unit);
        table_text(t, c.state);
        table_text(t, c.version);
        table_text(t, c.detail);
        return e;
}

/* CTL_UNAVAILABLE when no daemon of dpin runs here. */
CtlExit verb_status(const Args *args, const char *const *words _unused_) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit all = CTL_UNAVAILABLE, e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        for (size_t i = 0; i < ELEMENTSOF(services); i++) {
                e = add_service(t, bus, services[i]);
                if (e == CTL_OK)
                        all = CTL_OK;
                else if (e != CTL_UNAVAILABLE)
                        return e;
        }
        e = print_table(args, t);
        return e == CTL_OK ? all : e;
}
