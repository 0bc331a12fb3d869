/* Names of errors become words, remedies and exit codes by one table. */
#include "ctl/bus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE 500u

#define NOT_RUNNING "does not run here: start its unit, or name its bus by --bus=ADDRESS"
#define NOT_ALLOWED "refuses this to you: run it as root, or let polkit allow it"

const Service service_hub = { "dpin-hub", "org.dpin.Hub1", "/org/dpin/Hub1" };
const Service service_api = { "dpin-api", "org.dpin.Api1", "/org/dpin/Api1" };
const Service service_validator = { "dpin-validator", "org.dpin.Validator1",
                                    "/org/dpin/Validator1" };

static const struct {
        const char *name;
        CtlExit code;
        const char *remedy; /* NULL: the daemon's own words */
} failures[] = {
        { "org.dpin.Error.NotFound", CTL_NOT_FOUND, NULL },
        { "org.dpin.Error.Unavailable", CTL_UNAVAILABLE, NULL },
        { SD_BUS_ERROR_ACCESS_DENIED, CTL_DENIED, NOT_ALLOWED },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, CTL_DENIED, NOT_ALLOWED },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, CTL_UNAVAILABLE, NOT_RUNNING },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, CTL_UNAVAILABLE, NOT_RUNNING },
        { SD_BUS_ERROR_NO_REPLY, CTL_UNAVAILABLE, "does not answer: look at its journal" },
        { SD_BUS_ERROR_TIMEOUT, CTL_UNAVAILABLE, "does not answer: look at its journal" },
        { SD_BUS_ERROR_DISCONNECTED, CTL_UNAVAILABLE, "cannot be asked: the bus hung up" },
        { SD_BUS_ERROR_LIMITS_EXCEEDED, CTL_UNAVAILABLE, "is busy: try again" },
};

static CtlExit judge(const Service *s, const sd_bus_error *error, bool quiet) {
        const char *text = error->message ? error->message : error->name;

        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                if (!sd_bus_error_has_name(error, failures[i].name))
                        continue;
                if (quiet && failures[i].code == CTL_UNAVAILABLE)
                        return CTL_UNAVAILABLE;
                if (failures[i].remedy)
                        fprintf(stderr, "dpinctl: %s %s\n", s->unit, failures[i].remedy);
                else
                        fprintf(stderr, "dpinctl: %s\n", text);
                return failures[i].code;
        }
        fprintf(stderr, "dpinctl: %s\n", text);
        return CTL_FAILED;
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
        const char *address = args->options[OPTION_BUS];
        int r;

        r = address ? open_private(ret, address) : sd_bus_open_system(ret);
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
        (void)sd_bus_message_set_allow_interactive_authorization(call, true);
        return call;
}

static CtlExit talk(const Service *s, sd_bus_message *call, sd_bus_message **ret, bool quiet) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(sd_bus_message_get_bus(call), call, 0, &error, ret);
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

/* The rows of one page: how many, or negative. */
static int read_page(sd_bus_message *m, const BusList *list) {
        int r, n = 0;

        r = sd_bus_message_enter_container(m, 'a', list->types);
        if (r < 0)
                return r;
        while ((r = list->row(m, list->userdata)) > 0)
                n++;
        return r < 0 ? r : n;
}

CtlExit bus_list(const Args *args, const BusList *list) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        uint32_t offset = 0;
        sd_bus_message *call;
        CtlExit e;
        int n;

        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        do {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *page = NULL;

                call = bus_prepare(bus, list->service, list->member);
                if (!call)
                        return CTL_FAILED;
                n = sd_bus_message_append(call, "uu", offset, PAGE);
                e = bus_send(list->service, call, n, &page);
                if (e != CTL_OK)
                        return e;
                n = read_page(page, list);
                if (n < 0)
                        return bus_garbled(list->service, n);
                offset += (uint32_t)n;
        } while (n == (int)PAGE);
        return CTL_OK;
}

CtlExit bus_properties(sd_bus *bus, const Service *s, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, s->name, s->path,
                                           "org.freedesktop.DBus.Properties", "GetAll");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", s->name);
        if (r < 0)
                return bus_garbled(s, r);
        return talk(s, call, ret, true);
}

CtlExit bus_garbled(const Service *s, int r) {
        fprintf(stderr, "dpinctl: the answer of %s cannot be read: %s\n", s->unit, strerror(-r));
        return CTL_FAILED;
}
