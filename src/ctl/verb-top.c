/* dpinctl top: the figures of all daemons again and again, and how fast they move. On a terminal
 * they stay in their place, elsewhere one table follows the other. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/bus.h"
#include "ctl/figures.h"
#include "ctl/print.h"
#include "ctl/watch.h"

#define DAEMONS 3

#define HOME  "\033[H" /* the upper left corner */
#define CLEAR "\033[J" /* from here on */

static const TableColumn columns[] = {
        { "DAEMON", "daemon", CELL_TEXT },
        { "FIGURE", "figure", CELL_TEXT },
        { "VALUE", "value", CELL_TEXT },
        { "PER SECOND", "perSecond", CELL_TEXT },
        { 0 },
};

typedef struct Look {
        Figures figures[DAEMONS]; /* empty: it does not run */
        usec_t at;
} Look;

static void look_done(Look *l) {
        for (size_t i = 0; i < DAEMONS; i++)
                figures_done(&l->figures[i]);
}

static CtlExit look(sd_bus *bus, Look *ret) {
        ret->at = now_boottime();
        for (size_t i = 0; services[i]; i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
                CtlExit e = bus_properties(bus, services[i], &answer);
                int r;

                if (e != CTL_OK && e != CTL_UNAVAILABLE)
                        return e;
                r = e == CTL_OK ? figures_read(answer, &ret->figures[i]) : 0;
                if (r < 0)
                        return bus_garbled(services[i], r);
        }
        return CTL_OK;
}

static bool is_empty(const Look *l) {
        for (size_t i = 0; i < DAEMONS; i++)
                if (l->figures[i].n > 0)
                        return false;
        return true;
}

/* How fast a counter moves; "" when that cannot be said: it stands still, or began anew. */
static void format_rate(const Figure *now, const Figure *before, usec_t between, char ret[32]) {
        ret[0] = '\0';
        if (now->kind == FIGURE_COUNTER && before && between > 0 && now->number > before->number)
                snprintf(ret, 32, "%.1f",
                         (double)(now->number - before->number) * USEC_PER_SEC / (double)between);
}

/* Lines for rows: what does not fit on a screen would move it. */
static size_t room(bool terminal) {
        struct winsize w = { 0 };

        if (!terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row < 3)
                return SIZE_MAX;
        return w.ws_row - 2u;
}

typedef struct Change {
        const Look *now, *before;
} Change;

static void add_rows(Table *t, const Change *c, size_t daemon, size_t *left) {
        const Figures *f = &c->now->figures[daemon];
        const Look *now = c->now, *before = c->before;
        char rate[32];

        if (f->n == 0) {
                table_text(t, services[daemon]->unit);
                table_text(t, "State");
                table_text(t, "not running");
                table_text(t, "");
        }
        for (size_t i = 0; i < f->n; i++) {
                const Figure *x = &f->items[i];

                if (*left == 0)
                        return;
                if (strchr(x->name, '.') && x->number == 0)
                        continue;
                (*left)--;
                format_rate(x, figures_find(&before->figures[daemon], x->name),
                            now->at - before->at, rate);
                table_text(t, services[daemon]->unit);
                table_text(t, x->name);
                table_text(t, x->text);
                table_text(t, rate);
        }
}

static CtlExit print_rows(const Args *args, const Look *now, const Look *before) {
        _cleanup_(table_freep) Table *t = NULL;
        const Change change = { now, before };
        bool terminal = isatty(STDOUT_FILENO);
        size_t left = room(terminal);
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        for (size_t i = 0; services[i]; i++)
                add_rows(t, &change, i, &left);
        if (terminal)
                fputs(HOME CLEAR, stdout);
        e = print_rows_at_once(args, t);
        if (!terminal)
                fputc('\n', stdout);
        return e;
}

static CtlExit print_object(const Look *now) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        char at[TIME_FORMAT_SIZE];

        if (json_writer_new(&w) < 0)
                return CTL_FAILED;
        json_writer_open_object(w, NULL);
        json_writer_string(w, "at", time_format(now_realtime(), at));
        for (size_t i = 0; services[i]; i++) {
                if (now->figures[i].n == 0)
                        continue;
                json_writer_open_object(w, services[i]->unit);
                figures_write(&now->figures[i], w);
                json_writer_close(w);
        }
        json_writer_close(w);
        return print_json(w);
}

static CtlExit show(const Args *args, const Look *now, const Look *before) {
        CtlExit e;

        if (!before->at && is_empty(now)) {
                bus_tell_absent(&service_hub);
                return CTL_UNAVAILABLE;
        }
        e = args->options[OPTION_JSON] ? print_object(now) : print_rows(args, now, before);
        return e == CTL_OK && fflush(stdout) != 0 ? CTL_FAILED : e;
}

CtlExit verb_top(const Args *args, const char *const *words _unused_) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(look_done) Look before = { 0 };
        Watch watch;
        CtlExit e;

        e = watch_begin(args, &watch);
        if (e == CTL_OK)
                e = bus_open(args, &bus);
        while (e == CTL_OK) {
                _cleanup_(look_done) Look now = { 0 };

                e = look(bus, &now);
                if (e == CTL_OK)
                        e = show(args, &now, &before);
                if (e != CTL_OK || !watch_goes_on(&watch))
                        break;
                look_done(&before);
                before = now;
                now = (Look){ 0 };
                if (watch_wait(bus, before.at + watch.delay) < 0)
                        return CTL_UNAVAILABLE;
        }
        return e;
}
