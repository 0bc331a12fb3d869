/* dpinctl monitor: what the daemons say by themselves, one line for each. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/figures.h"
#include "ctl/print.h"
#include "ctl/watch.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define NAMES_MAX  8

/* Arguments have no names on the bus. */
static const struct {
        const char *member;
        const char *names[NAMES_MAX];
} signals[] = {
        { "IncidentChanged", { "id", "website", "url", "kind", "severity", "summary", "at" } },
        { "IncidentClosed", { "id", "website", "url", "kind", "cause", "at" } },
        { "IncidentOpened", { "id", "website", "url", "kind", "cause", "at" } },
        { "ValidatorOffline", { "key", "name", "at" } },
        { "ValidatorOnline", { "key", "name", "at" } },
        { "ValidatorWaiting", { "key", "name", "address", "at" } },
        { "WebsiteAdded", { "id", "url", "at" } },
        { "WebsiteFlapping", { "id", "url", "how", "at" } },
        { "WebsiteRemoved", { "id", "url", "at" } },
        { "WebsiteStateChanged", { "id", "url", "state", "previous", "cause", "assurance", "at" } },
};

typedef struct Monitor {
        const Args *args;
        Watch watch;
        CtlExit e;
        bool done;
} Monitor;

/* One line ------------------------------------------------------------------------------------- */

typedef struct Line {
        JsonWriter *json; /* NULL: for people */
} Line;

/* Bytes at p that a terminal would obey: control characters of ASCII, and those of Latin-1 as
 * UTF-8.
 */
static size_t count_control(const char *p) {
        unsigned char c = (unsigned char)p[0], next = (unsigned char)(c ? p[1] : 0);

        if (c < ' ' || c == 0x7f)
                return 1;
        return c == 0xc2 && next < 0xa0 ? 2 : 0;
}

/* Strangers choose their names. */
static void print_plain(const char *text) {
        while (*text) {
                size_t n = count_control(text);

                putchar(n > 0 ? '?' : *text);
                text += MAX(n, (size_t)1);
        }
}

static void put(const Line *line, const char *name, const char *text) {
        if (line->json) {
                json_writer_string(line->json, name, text);
                return;
        }
        printf(" %s=", name);
        print_plain(text[0] ? text : "-");
}

static int begin(Line *line, const Monitor *m, const char *daemon, const char *event) {
        char at[TIME_FORMAT_SIZE];

        time_format(now_realtime(), at);
        if (!m->args->options[OPTION_JSON]) {
                printf("%s %s %s", at, daemon, event);
                return 0;
        }
        if (json_writer_new(&line->json) < 0)
                return -ENOMEM;
        json_writer_open_object(line->json, NULL);
        json_writer_string(line->json, "heardAt", at);
        json_writer_string(line->json, "daemon", daemon);
        json_writer_string(line->json, "event", event);
        return 0;
}

/* The reader of a pipe wants it now. */
static void end(Line *line, Monitor *m) {
        if (line->json) {
                json_writer_close(line->json);
                m->e = print_json(line->json);
                line->json = json_writer_free(line->json);
        } else {
                putchar('\n');
        }
        m->done = m->e != CTL_OK || fflush(stdout) != 0 || !watch_goes_on(&m->watch);
}

/* Signals -------------------------------------------------------------------------------------- */

static const char *const *names_of(const char *member) {
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                if (strcmp(signals[i].member, member) == 0)
                        return signals[i].names;
        return NULL;
}

static int put_argument(const Line *line, sd_bus_message *message, const char *name) {
        char at[TIME_FORMAT_SIZE];
        const char *text;
        uint64_t seconds;
        char type;
        int r;

        r = sd_bus_message_peek_type(message, &type, NULL);
        if (r <= 0)
                return r;
        if (type == 's') {
                r = sd_bus_message_read(message, "s", &text);
                if (r > 0)
                        put(line, name, text);
                return r;
        }
        r = sd_bus_message_read(message, "t", &seconds);
        if (r > 0)
                put(line, name, time_format(seconds * USEC_PER_SEC, at));
        return r;
}

static int put_figures(const Line *line, sd_bus_message *message) {
        _cleanup_(figures_done) Figures f = { 0 };
        const char *interface;
        int r;

        r = sd_bus_message_read(message, "s", &interface);
        if (r >= 0)
                r = figures_read(message, &f);
        if (r < 0)
                return r;
        if (line->json)
                figures_write(&f, line->json);
        for (size_t i = 0; !line->json && i < f.n; i++)
                put(line, f.items[i].name, f.items[i].text);
        return 0;
}

static int put_signal(const Line *line, sd_bus_message *message) {
        const char *const *names = names_of(sd_bus_message_get_member(message));
        int r = 1;

        for (size_t i = 0; names && i < NAMES_MAX && names[i] && r > 0; i++)
                r = put_argument(line, message, names[i]);
        return r;
}

static const char *daemon_of(const char *path) {
        for (size_t i = 0; services[i]; i++)
                if (strcmp(services[i]->path, path) == 0)
                        return services[i]->unit;
        return path;
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_) {
        const char *member = sd_bus_message_get_member(message);
        const char *daemon = daemon_of(sd_bus_message_get_path(message));
        Monitor *m = userdata;
        Line line = { 0 };
        int r;

        if (m->done || begin(&line, m, daemon, member) < 0)
                return 0;
        r = strcmp(member, "PropertiesChanged") == 0 ? put_figures(&line, message)
                                                     : put_signal(&line, message);
        if (r < 0)
                put(&line, "error", strerror(-r));
        end(&line, m);
        return 0;
}

/* It came, or it went. */
static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_) {
        const char *name, *before, *after;
        Monitor *m = userdata;
        Line line = { 0 };

        if (m->done || sd_bus_message_read(message, "sss", &name, &before, &after) < 0)
                return 0;
        for (size_t i = 0; services[i]; i++)
                if (strcmp(services[i]->name, name) == 0 &&
                    begin(&line, m, services[i]->unit, after[0] ? "Started" : "Stopped") >= 0)
                        end(&line, m);
        return 0;
}

/* Listening ------------------------------------------------------------------------------------ */

static int listen_to(sd_bus *bus, const Service *s, Monitor *m) {
        char rule[256];
        int r;

        r = sd_bus_match_signal(bus, NULL, s->name, s->path, s->name, NULL, on_signal, m);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, s->name, s->path, PROPERTIES,
                                        "PropertiesChanged", on_signal, m);
        if (r < 0)
                return r;
        snprintf(rule, sizeof(rule),
                 "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                 "member='NameOwnerChanged',arg0='%s'",
                 s->name);
        return sd_bus_add_match(bus, NULL, rule, on_owner, m);
}

/* "Listening" on the standard error: from then on nothing is missed. */
static CtlExit listen_all(sd_bus *bus, Monitor *m) {
        int r = 0;

        for (size_t i = 0; services[i] && r >= 0; i++)
                r = listen_to(bus, services[i], m);
        if (r < 0) {
                fprintf(stderr, "dpinctl: the bus cannot be listened to: %s\n", strerror(-r));
                return CTL_UNAVAILABLE;
        }
        fputs("Listening; Ctrl-C ends it.\n", stderr);
        return CTL_OK;
}

CtlExit verb_monitor(const Args *args, const char *const *words _unused_) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        Monitor m = { .args = args };
        CtlExit e;
        int r = 0;

        e = watch_begin(args, &m.watch);
        if (e == CTL_OK)
                e = bus_open(args, &bus);
        if (e == CTL_OK)
                e = listen_all(bus, &m);
        if (e != CTL_OK)
                return e;
        while (!m.done && r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0 && !m.done)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r == -EINTR)
                        r = 0;
        }
        if (r >= 0)
                return m.e;
        fprintf(stderr, "dpinctl: the bus hung up: %s\n", strerror(-r));
        return CTL_UNAVAILABLE;
}
