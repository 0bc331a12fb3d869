/* Names of errors become words, remedies and exit codes by one table. */
#include "ctl/bus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ctl/agent.h"

#define LOG_CONTROL "org.freedesktop.LogControl1"
#define PAGE        500u
#define PATIENCE    (150 * USEC_PER_SEC) /* of a call for which a human types a password */
#define CURSOR_SIZE 64

const Service service_hub = { "dpin-hub", "org.dpin.Hub1", "/org/dpin/Hub1" };
const Service service_api = { "dpin-api", "org.dpin.Api1", "/org/dpin/Api1" };
const Service service_validator = { "dpin-validator", "org.dpin.Validator1",
                                    "/org/dpin/Validator1" };

const Service *const services[] = { &service_hub, &service_api, &service_validator, NULL };

const Service *service_find(const char *name) {
        for (size_t i = 0; services[i]; i++)
                if (strcmp(services[i]->unit, name) == 0 ||
                    strcmp(services[i]->unit + strlen("dpin-"), name) == 0)
                        return services[i];
        fprintf(stderr, "dpinctl: \"%s\" is no daemon: hub, api or validator\n", name);
        return NULL;
}

#define ABSENT "does not run here, or on another bus (--bus=ADDRESS)"

/* What is printed: the unit and what it does, the command that may help, the daemon's own words. */
typedef struct Failure {
        const char *name; /* with a dot at its end: all that begin so */
        CtlExit code;
        const char *does;    /* NULL: its own words alone */
        const char *command; /* with the unit for its last word; or NULL */
        bool quote;
} Failure;

static const Failure failures[] = {
        { "org.dpin.Error.NotFound", CTL_NOT_FOUND, NULL, NULL, true },
        { "org.dpin.Error.Unavailable", CTL_UNAVAILABLE, "cannot do this now", NULL, true },
        { SD_BUS_ERROR_ACCESS_DENIED, CTL_DENIED, "refuses this", NULL, true },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, CTL_DENIED, "refuses this", NULL, true },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, CTL_UNAVAILABLE, ABSENT, "systemctl enable --now", false },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, CTL_UNAVAILABLE, ABSENT, "systemctl enable --now",
          false },
        { "org.freedesktop.systemd1.NoSuchUnit", CTL_UNAVAILABLE, "is not enabled here",
          "systemctl enable --now", false },
        { "org.freedesktop.systemd1.UnitMasked", CTL_UNAVAILABLE, "is masked here",
          "systemctl unmask", false },
        { "org.freedesktop.systemd1.", CTL_UNAVAILABLE, "could not be started", "journalctl -u",
          true },
        { "org.freedesktop.DBus.Error.Spawn.", CTL_UNAVAILABLE, "could not be started",
          "journalctl -u", true },
        { SD_BUS_ERROR_NO_REPLY, CTL_UNAVAILABLE, "does not answer", "journalctl -u", false },
        { SD_BUS_ERROR_TIMEOUT, CTL_UNAVAILABLE, "does not answer", "journalctl -u", false },
        { SD_BUS_ERROR_UNKNOWN_METHOD, CTL_FAILED, "is of another version", "systemctl restart",
          true },
        { SD_BUS_ERROR_DISCONNECTED, CTL_UNAVAILABLE, "cannot be asked: the bus hung up", NULL,
          false },
        { SD_BUS_ERROR_LIMITS_EXCEEDED, CTL_UNAVAILABLE, "is busy: try again", NULL, false },
};

static const Failure *find_failure(const char *error) {
        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                const char *name = failures[i].name;
                size_t n = strlen(name);

                if (name[n - 1] == '.' ? strncmp(error, name, n) == 0 : strcmp(error, name) == 0)
                        return &failures[i];
        }
        return NULL;
}

static CtlExit judge(const Service *s, const sd_bus_error *error, bool quiet) {
        const char *text = error->message ? error->message : error->name;
        const Failure *f = find_failure(error->name);

        if (!f) {
                fprintf(stderr, "dpinctl: %s\n", text);
                return CTL_FAILED;
        }
        if (quiet && f->code == CTL_UNAVAILABLE)
                return CTL_UNAVAILABLE;
        fputs("dpinctl: ", stderr);
        if (f->does)
                fprintf(stderr, "%s %s", s->unit, f->does);
        if (f->command)
                fprintf(stderr, ": %s %s", f->command, s->unit);
        if (f->quote)
                fprintf(stderr, "%s%s", f->does ? ": " : "", text);
        fputc('\n', stderr);
        return f->code;
}

static int open_private(sd_bus **ret, const char *address) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

CtlExit bus_open(const Args *args, sd_bus **ret) {
        const char *address = args->options[OPTION_BUS], *name;
        int r;

        r = address ? open_private(ret, address) : sd_bus_open_system(ret);
        if (r >= 0) /* waits until the bus has let this user in, or not */
                r = sd_bus_get_unique_name(*ret, &name);
        if (r >= 0) /* remembers whether anybody may be asked; the first question is without */
                r = sd_bus_set_allow_interactive_authorization(
                                *ret, !address && !args->options[OPTION_NO_ASK_PASSWORD]);
        if (r >= 0)
                return CTL_OK;
        fprintf(stderr, "dpinctl: no connection to %s: %s\n", address ? address : "the system bus",
                strerror(-r));
        return CTL_UNAVAILABLE;
}

sd_bus_message *bus_prepare(sd_bus *bus, const Service *s, const char *member) {
        sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, s->name, s->path, s->name, member);
        if (r < 0) {
                fprintf(stderr, "dpinctl: %s\n", strerror(-r));
                return NULL;
        }
        (void)sd_bus_message_set_allow_interactive_authorization(call, false);
        return call;
}

/* The same question again, with somebody there who can be asked for a password. Negative: nobody
 * is, or not allowed either: the first error stands. */
static int call_again(sd_bus_message *call, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *again = NULL;
        _cleanup_(agent_freep) Agent *agent = NULL;
        sd_bus *bus = sd_bus_message_get_bus(call);
        int r;

        if (sd_bus_get_allow_interactive_authorization(bus) <= 0)
                return -EACCES;
        r = agent_start(&agent);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(bus, &again, sd_bus_message_get_destination(call),
                                           sd_bus_message_get_path(call),
                                           sd_bus_message_get_interface(call),
                                           sd_bus_message_get_member(call));
        if (r >= 0)
                r = sd_bus_message_rewind(call, true);
        if (r >= 0)
                r = sd_bus_message_copy(again, call, true);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(again, true);
        return r < 0 ? r : sd_bus_call(bus, again, PATIENCE, NULL, ret);
}

static CtlExit talk(const Service *s, sd_bus_message *call, sd_bus_message **ret, bool quiet) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(sd_bus_message_get_bus(call), call, 0, &error, ret);
        if (sd_bus_error_has_name(&error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED) &&
            call_again(call, ret) >= 0)
                return CTL_OK;
        if (r >= 0)
                return CTL_OK;
        if (r == -ENOTCONN || r == -ECONNRESET)
                (void)sd_bus_error_set(&error, SD_BUS_ERROR_DISCONNECTED, NULL);
        if (!sd_bus_error_is_set(&error))
                (void)sd_bus_error_set_errno(&error, r);
        return judge(s, &error, quiet);
}

CtlExit bus_send(const Service *s, sd_bus_message *call, int r, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *owned = call;

        if (r >= 0)
                return talk(s, owned, ret, false);
        fprintf(stderr, "dpinctl: the call cannot be made: %s\n", strerror(-r));
        return r == -EINVAL ? CTL_USAGE : CTL_FAILED; /* text that is no UTF-8 */
}

CtlExit bus_ask(const Args *args, const BusMethod *method, sd_bus_message **ret, const char *types,
                ...) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        sd_bus_message *call;
        va_list ap;
        CtlExit e;
        int r;

        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        call = bus_prepare(bus, method->service, method->member);
        if (!call)
                return CTL_FAILED;
        va_start(ap, types);
        r = sd_bus_message_appendv(call, types, ap);
        va_end(ap);
        return bus_send(method->service, call, r, ret);
}

/* One page: its rows, then the cursor of the next one. */
static int read_page(sd_bus_message *m, const BusList *list, char *next, size_t size) {
        const char *cursor;
        int r;

        r = sd_bus_message_enter_container(m, 'a', list->types);
        if (r < 0)
                return r;
        while ((r = list->row(m, list->userdata)) > 0)
                ;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_read(m, "s", &cursor);
        if (r >= 0)
                snprintf(next, size, "%s", cursor);
        return r;
}

static int append_page(sd_bus_message *call, const BusList *list, const char *after) {
        int r = 0;

        if (list->state)
                r = sd_bus_message_append(call, "s", list->state);
        return r < 0 ? r : sd_bus_message_append(call, "su", after, PAGE);
}

CtlExit bus_list(const Args *args, const BusList *list) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        char after[CURSOR_SIZE] = "";
        sd_bus_message *call;
        CtlExit e;
        int r;

        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        do {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *page = NULL;

                call = bus_prepare(bus, list->service, list->member);
                if (!call)
                        return CTL_FAILED;
                e = bus_send(list->service, call, append_page(call, list, after), &page);
                if (e != CTL_OK)
                        return e;
                r = read_page(page, list, after, sizeof(after));
                if (r < 0)
                        return bus_garbled(list->service, r);
        } while (after[0]);
        return CTL_OK;
}

/* A question about what there is starts nothing. */
static sd_bus_message *prepare_get(sd_bus *bus, const Service *s, const char *member) {
        sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, s->name, s->path,
                                           "org.freedesktop.DBus.Properties", member);
        if (r < 0) {
                fprintf(stderr, "dpinctl: %s\n", strerror(-r));
                return NULL;
        }
        (void)sd_bus_message_set_auto_start(call, false);
        return call;
}

CtlExit bus_properties(sd_bus *bus, const Service *s, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = prepare_get(bus, s, "GetAll");
        int r;

        if (!call)
                return CTL_FAILED;
        r = sd_bus_message_append(call, "s", s->name);
        return r < 0 ? bus_garbled(s, r) : talk(s, call, ret, true);
}

CtlExit bus_property(sd_bus *bus, const Service *s, const char *name, sd_bus_message **ret) {
        sd_bus_message *call = prepare_get(bus, s, "Get");

        if (!call)
                return CTL_FAILED;
        return bus_send(s, call, sd_bus_message_append(call, "ss", LOG_CONTROL, name), ret);
}

sd_bus_message *bus_prepare_set(sd_bus *bus, const Service *s, const char *name) {
        sd_bus_message *call = prepare_get(bus, s, "Set");

        if (call && sd_bus_message_append(call, "ss", LOG_CONTROL, name) < 0)
                call = sd_bus_message_unref(call);
        return call;
}

bool bus_is_running(sd_bus *bus, const Service *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int running = 0;

        if (sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "NameHasOwner", NULL, &answer, "s",
                               s->name) < 0)
                return false;
        return sd_bus_message_read(answer, "b", &running) > 0 && running;
}

void bus_tell_absent(const Service *s) {
        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_NAME_HAS_NO_OWNER, NULL);

        (void)judge(s, &error, false);
}

CtlExit bus_garbled(const Service *s, int r) {
        fprintf(stderr, "dpinctl: the answer of %s cannot be read: %s\n", s->unit, strerror(-r));
        return CTL_FAILED;
}
