/* dpinctl status, hub status, validator status: every property of every daemon, so that a new one
 * needs no change here. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/figures.h"
#include "ctl/print.h"

#define DETAIL_MAX 4096

static const TableColumn columns[] = {
        { "DAEMON", "daemon", CELL_TEXT },
        { "STATE", "state", CELL_TEXT },
        { "VERSION", "version", CELL_TEXT },
        { "DETAIL", "detail", CELL_LIST },
        { 0 },
};

/* All of them ---------------------------------------------------------------------------------- */

static const char *text_of(const Figures *f, const char *name, const char *without) {
        const Figure *x = figures_find(f, name);

        return x ? x->text : without;
}

/* What is written into a text of DETAIL_MAX, as far as it fits. */
_printf_(2, 3) static void append(char *text, const char *format, ...) {
        size_t n = strlen(text);
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text + n, DETAIL_MAX - n, format, ap);
        va_end(ap);
}

static bool has_column(const char *name) {
        return strcmp(name, "State") == 0 || strcmp(name, "Version") == 0;
}

/* "Sessions=4 States=UP:11,DOWN:1": a dictionary without what is zero. */
static void detail(const Figures *f, char ret[static DETAIL_MAX]) {
        size_t open = 0; /* length of the name of the dictionary that was written last */
        const char *last = "";

        ret[0] = '\0';
        for (size_t i = 0; i < f->n; i++) {
                const Figure *x = &f->items[i];
                size_t prefix = strcspn(x->name, ".");
                bool flat = !x->name[prefix];

                if (has_column(x->name) || (!flat && x->number == 0))
                        continue;
                if (!flat && open == prefix && strncmp(last, x->name, prefix) == 0)
                        append(ret, ",");
                else
                        append(ret, "%s%.*s=", ret[0] ? " " : "", (int)prefix, x->name);
                append(ret, "%s%s%s", flat ? "" : x->name + prefix + 1, flat ? "" : ":", x->text);
                open = flat ? 0 : prefix;
                last = x->name;
        }
}

static CtlExit add_service(Table *t, sd_bus *bus, const Service *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(figures_done) Figures f = { 0 };
        char text[DETAIL_MAX];
        CtlExit e;
        int r;

        e = bus_properties(bus, s, &answer);
        if (e != CTL_OK && e != CTL_UNAVAILABLE)
                return e;
        r = e == CTL_OK ? figures_read(answer, &f) : 0;
        if (r < 0)
                return bus_garbled(s, r);
        detail(&f, text);
        table_text(t, s->unit);
        table_text(t, text_of(&f, "State", "not running"));
        table_text(t, text_of(&f, "Version", ""));
        table_text(t, text);
        return e;
}

/* CTL_UNAVAILABLE when no daemon of dpin runs here. */
static CtlExit show_all(const Args *args) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit all = CTL_UNAVAILABLE, e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        for (size_t i = 0; services[i]; i++) {
                e = add_service(t, bus, services[i]);
                if (e == CTL_OK)
                        all = CTL_OK;
                else if (e != CTL_UNAVAILABLE)
                        return e;
        }
        e = print_table(args, t);
        return e == CTL_OK ? all : e;
}

/* One ------------------------------------------------------------------------------------------ */

static const TableColumn figure_columns[] = {
        { "FIGURE", "figure", CELL_TEXT },
        { "VALUE", "value", CELL_TEXT },
        { 0 },
};

static CtlExit print_figures(const Args *args, const Figures *f) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        _cleanup_(table_freep) Table *t = NULL;

        if (args->options[OPTION_JSON]) {
                if (json_writer_new(&w) < 0)
                        return CTL_FAILED;
                json_writer_open_object(w, NULL);
                figures_write(f, w);
                json_writer_close(w);
                return print_json(w);
        }
        if (table_new(&t, figure_columns) < 0)
                return CTL_FAILED;
        for (size_t i = 0; i < f->n; i++) {
                table_text(t, f->items[i].name);
                table_text(t, f->items[i].text);
        }
        return print_table(args, t);
}

static CtlExit show_one(const Args *args, const Service *s) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(figures_done) Figures f = { 0 };
        CtlExit e;
        int r;

        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        e = bus_properties(bus, s, &answer);
        if (e == CTL_UNAVAILABLE)
                bus_tell_absent(s);
        if (e != CTL_OK)
                return e;
        r = figures_read(answer, &f);
        return r < 0 ? bus_garbled(s, r) : print_figures(args, &f);
}

CtlExit verb_status(const Args *args, const char *const *words) {
        const Service *s;

        if (!words[0])
                return show_all(args);
        s = service_find(words[0]);
        return s ? show_one(args, s) : CTL_USAGE;
}

CtlExit verb_hub_status(const Args *args, const char *const *words _unused_) {
        return show_one(args, &service_hub);
}

CtlExit verb_validator_status(const Args *args, const char *const *words _unused_) {
        return show_one(args, &service_validator);
}
