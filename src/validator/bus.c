/* Read-only: every property is one member of the status. */
#include "validator/bus.h"

#include <errno.h>
#include <string.h>

#include "event/bus.h"
#include "validator/manager.h"
#include "validator/status.h"

#define NAME      "org.dpin.Validator1"
#define OBJECT    "/org/dpin/Validator1"
#define INTERFACE "org.dpin.Validator1"

struct ValidatorBus {
        const ValidatorManager *manager; /* borrowed */
        Bus *bus;
        const char *version; /* a property */
};

static int property_text(sd_bus *bus _unused_, const char *path _unused_,
                         const char *interface _unused_, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const ValidatorBus *b = userdata;
        ValidatorStatus status = { 0 };
        const char *text = status.key;

        validator_manager_status(b->manager, &status);
        if (strcmp(property, "State") == 0)
                text = status.state;
        else if (strcmp(property, "Hub") == 0)
                text = status.hub;
        return sd_bus_message_append(reply, "s", text);
}

static int property_connected(sd_bus *bus _unused_, const char *path _unused_,
                              const char *interface _unused_, const char *property _unused_,
                              sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const ValidatorBus *b = userdata;
        ValidatorStatus status = { 0 };

        validator_manager_status(b->manager, &status);
        return sd_bus_message_append(reply, "b", (int)status.connected);
}

static int property_orders(sd_bus *bus _unused_, const char *path _unused_,
                           const char *interface _unused_, const char *property _unused_,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const ValidatorBus *b = userdata;
        ValidatorStatus status = { 0 };

        validator_manager_status(b->manager, &status);
        return sd_bus_message_append(reply, "u", status.orders);
}

static int property_counter(sd_bus *bus _unused_, const char *path _unused_,
                            const char *interface _unused_, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const ValidatorBus *b = userdata;
        ValidatorStatus status = { 0 };
        uint64_t n;

        validator_manager_status(b->manager, &status);
        if (strcmp(property, "SpoolBatches") == 0)
                n = status.spool_batches;
        else if (strcmp(property, "SpoolBytes") == 0)
                n = status.spool_bytes;
        else
                n = status.ticks_sealed;
        return sd_bus_message_append(reply, "t", n);
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

static const sd_bus_vtable validator_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("State", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Version", "s", NULL, offsetof(ValidatorBus, version),
                        SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Key", "s", property_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Hub", "s", property_text, 0, 0),
        SD_BUS_PROPERTY("Connected", "b", property_connected, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Orders", "u", property_orders, 0, 0),
        SD_BUS_PROPERTY("Refused", "a{st}", property_refused, 0, 0),
        SD_BUS_PROPERTY("SpoolBatches", "t", property_counter, 0, 0),
        SD_BUS_PROPERTY("SpoolBytes", "t", property_counter, 0, 0),
        SD_BUS_PROPERTY("TicksSealed", "t", property_counter, 0, 0),
        SD_BUS_VTABLE_END
};

/* Building ------------------------------------------------------------------------------------- */

int validator_bus_new(ValidatorBus **ret, uv_loop_t *loop, const char *address,
                      const ValidatorManager *m) {
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
        r = bus_take_place(&b->bus, loop, &place);
        if (r <= 0)
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
        bus_free(b->bus);
        free(b);
        return NULL;
}

void validator_bus_changed(ValidatorBus *b) {
        if (b)
                (void)sd_bus_emit_properties_changed(bus_get(b->bus), OBJECT, INTERFACE, "State",
                                                     "Connected", NULL);
}
