/* Every property is one member of the status; the one method that takes time is in bus-check.c. */
#include "validator/bus.h"

#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/polkit.h"
#include "validator/bus-check.h"

#define NAME      "org.dpin.Validator1"
#define OBJECT    "/org/dpin/Validator1"
#define INTERFACE "org.dpin.Validator1"

struct ValidatorBus {
        ValidatorManager *manager; /* borrowed */
        Bus *bus;
        const char *version; /* a property */
        BusChecks *checks;
        ValidatorStatus told; /* of what is told when it changes; strings are names of states */
};

/* Properties ----------------------------------------------------------------------------------- */

static const struct {
        const char *property;
        char type;
        size_t offset;
} members[] = {
        { "ChecksActive", 'u', offsetof(ValidatorStatus, checks) },
        { "ClockOff", 'b', offsetof(ValidatorStatus, clock_off) },
        { "Connected", 'b', offsetof(ValidatorStatus, connected) },
        { "Hub", 's', offsetof(ValidatorStatus, hub) },
        { "Key", 's', offsetof(ValidatorStatus, key) },
        { "Orders", 'u', offsetof(ValidatorStatus, orders) },
        { "SpoolBatches", 't', offsetof(ValidatorStatus, spool_batches) },
        { "SpoolBytes", 't', offsetof(ValidatorStatus, spool_bytes) },
        { "SpoolMax", 't', offsetof(ValidatorStatus, spool_max) },
        { "State", 's', offsetof(ValidatorStatus, state) },
        { "TicksLost", 't', offsetof(ValidatorStatus, ticks_lost) },
        { "TicksSealed", 't', offsetof(ValidatorStatus, ticks_sealed) },
};

static int append_member(sd_bus_message *reply, char type, const void *member) {
        switch (type) {
        case 'b':
                return sd_bus_message_append(reply, "b", (int)*(const bool *)member);
        case 's':
                return sd_bus_message_append(reply, "s", *(const char *const *)member);
        default:
                return sd_bus_message_append_basic(reply, type, member);
        }
}

static int property_member(sd_bus *bus _unused_, const char *path _unused_,
                           const char *interface _unused_, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const ValidatorBus *b = userdata;
        ValidatorStatus status;

        validator_manager_status(b->manager, &status);
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (strcmp(members[i].property, property) == 0)
                        return append_member(reply, members[i].type,
                                             (const char *)&status + members[i].offset);
        return -ENOENT;
}

static void on_total(const char *code, uint64_t count, void *userdata) {
        (void)sd_bus_message_append(userdata, "{st}", code, count);
}

static int property_refused(sd_bus *bus _unused_, const char *path _unused_,
                            const char *interface _unused_, const char *property _unused_,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const ValidatorBus *b = userdata;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{st}");
        if (r < 0)
                return r;
        validator_manager_refused(b->manager, on_total, reply);
        return sd_bus_message_close_container(reply);
}

/* Methods -------------------------------------------------------------------------------------- */

static int on_check_allowed(sd_bus_message *m, void *userdata) {
        ValidatorBus *b = userdata;

        return bus_checks_start(b->checks, m);
}

static int on_check(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_) {
        ValidatorBus *b = userdata;

        return polkit_check(b->bus, m, "org.dpin.Validator1.check", on_check_allowed, b);
}

static int on_reload_allowed(sd_bus_message *m, void *userdata) {
        _cleanup_free_ char *reason = NULL;
        ValidatorBus *b = userdata;
        int r;

        r = validator_manager_reload(b->manager, &reason);
        if (r < 0)
                return sd_bus_reply_method_errorf(m, "org.dpin.Error.Invalid", "%s",
                                                  reason ? reason : strerror(-r));
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "the settings were read again",
                  "DPIN_ACTOR=D-Bus %s", sd_bus_message_get_sender(m));
        return sd_bus_reply_method_return(m, NULL);
}

static int on_reload(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_) {
        ValidatorBus *b = userdata;

        return polkit_check(b->bus, m, "org.dpin.Validator1.reload", on_reload_allowed, b);
}

#define TOLD SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable validator_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("State", "s", property_member, 0, TOLD),
        SD_BUS_PROPERTY("Version", "s", NULL, offsetof(ValidatorBus, version),
                        SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Key", "s", property_member, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Hub", "s", property_member, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Connected", "b", property_member, 0, TOLD),
        SD_BUS_PROPERTY("Orders", "u", property_member, 0, TOLD),
        SD_BUS_PROPERTY("ChecksActive", "u", property_member, 0, 0),
        SD_BUS_PROPERTY("ClockOff", "b", property_member, 0, 0),
        SD_BUS_PROPERTY("Refused", "a{st}", property_refused, 0, 0),
        SD_BUS_PROPERTY("SpoolBatches", "t", property_member, 0, 0),
        SD_BUS_PROPERTY("SpoolBytes", "t", property_member, 0, 0),
        SD_BUS_PROPERTY("SpoolMax", "t", property_member, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("TicksSealed", "t", property_member, 0, 0),
        SD_BUS_PROPERTY("TicksLost", "t", property_member, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("Check", SD_BUS_ARGS("s", url, "s", check, "u", timeout_ms),
                                SD_BUS_RESULT("a{sv}", seen, "a(sss)", asserted), on_check,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_reload,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END
};

/* Building ------------------------------------------------------------------------------------- */

int validator_bus_new(ValidatorBus **ret, uv_loop_t *loop, const char *address,
                      ValidatorManager *m) {
        _cleanup_(validator_bus_freep) ValidatorBus *b = NULL;
        const BusPlace place = {
                .address = address,
                .name = NAME,
                .identifier = "dpin-validator",
                .without = "no place on D-Bus: dpinctl cannot show this validator",
        };
        int r;

        *ret = NULL;
        b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;
        b->manager = m;
        b->version = DPIN_VERSION;
        validator_manager_status(m, &b->told);
        r = bus_take_place(&b->bus, loop, &place);
        if (r <= 0)
                return r;

        r = bus_checks_new(&b->checks, m);
        if (r < 0)
                return r;
        r = sd_bus_add_object_vtable(bus_get(b->bus), NULL, OBJECT, INTERFACE, validator_vtable, b);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(b);
        return 0;
}

ValidatorBus *validator_bus_free(ValidatorBus *b) {
        if (!b)
                return NULL;
        bus_checks_free(b->checks);
        bus_free(b->bus);
        free(b);
        return NULL;
}

/* It is asked more often than there is something new: at every ack. */
void validator_bus_changed(ValidatorBus *b) {
        char *names[4] = { 0 };
        ValidatorStatus now;
        size_t n = 0;

        if (!b)
                return;
        validator_manager_status(b->manager, &now);
        if (strcmp(now.state, b->told.state) != 0)
                names[n++] = (char *)"State";
        if (now.connected != b->told.connected)
                names[n++] = (char *)"Connected";
        if (now.orders != b->told.orders)
                names[n++] = (char *)"Orders";
        if (n > 0)
                (void)sd_bus_emit_properties_changed_strv(bus_get(b->bus), OBJECT, INTERFACE,
                                                          names);
        b->told = now;
}
