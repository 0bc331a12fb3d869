/* The bus itself: connection, properties, and the table of methods, whose deeds are in
 * bus-NOUN.c. */
#include "api/bus.h"

#include <errno.h>
#include <string.h>

#include "api/bus-deeds.h"
#include "api/replica.h"

#define NAME      "org.dpin.Api1"
#define OBJECT    "/org/dpin/Api1"
#define INTERFACE "org.dpin.Api1"

struct ApiBus {
        ApiManager *manager; /* borrowed */
        Bus *bus;
        const char *version; /* a property */
        BusCalls *calls;
};

static const BusDeed deeds[] = {
        { "AddUser", "org.dpin.Api1.user-manage", api_bus_add_user },
        { "CreateToken", "org.dpin.Api1.token-manage", api_bus_create_token },
        { "ListTokens", NULL, api_bus_list_tokens },
        { "ListUsers", "org.dpin.Api1.user-manage", api_bus_list_users },
        { "Reload", "org.dpin.Api1.reload", api_bus_reload },
        { "RemoveUser", "org.dpin.Api1.user-manage", api_bus_remove_user },
        { "RevokeToken", "org.dpin.Api1.token-manage", api_bus_revoke_token },
        { "SetUserPassword", "org.dpin.Api1.user-manage", api_bus_set_user_password },
        { 0 },
};

void api_bus_reload(BusCall *c, void *userdata) {
        _cleanup_free_ char *error = NULL;
        int r = api_manager_reload(userdata, &error);

        bus_call_reply_reloaded(c, r, error);
}

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_) {
        ApiBus *b = userdata;

        return bus_calls_method(b->calls, m);
}

static int property_state(sd_bus *bus _unused_, const char *path _unused_,
                          const char *interface _unused_, const char *property _unused_,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        ApiBus *b = userdata;

        return sd_bus_message_append(reply, "s", api_manager_state(b->manager));
}

static uint32_t load_figure(const ApiManager *m, const char *property) {
        if (!strcmp(property, "Streams"))
                return (uint32_t)api_manager_streams(m);
        if (!strcmp(property, "Connections"))
                return (uint32_t)api_manager_connections(m);
        return api_manager_requests(m);
}

static int property_load(sd_bus *bus _unused_, const char *path _unused_,
                         const char *interface _unused_, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        ApiBus *b = userdata;

        return sd_bus_message_append(reply, "u", load_figure(b->manager, property));
}

static void on_total(const char *code, uint64_t count, void *userdata) {
        (void)sd_bus_message_append(userdata, "{st}", code, count);
}

static int property_totals(sd_bus *bus _unused_, const char *path _unused_,
                           const char *interface _unused_, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        ApiBus *b = userdata;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{st}");
        if (r < 0)
                return r;
        if (strcmp(property, "Refused") == 0)
                api_manager_refused(b->manager, on_total, reply);
        else
                replica_passed(api_manager_replica(b->manager), on_total, reply);
        return sd_bus_message_close_container(reply);
}

static int property_replica(sd_bus *bus _unused_, const char *path _unused_,
                            const char *interface _unused_, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        ApiBus *b = userdata;
        const Replica *r = api_manager_replica(b->manager);

        if (strcmp(property, "Replica") == 0)
                return sd_bus_message_append(reply, "s", replica_state(r));
        return sd_bus_message_append(reply, "t", replica_reads(r));
}

static const sd_bus_vtable api_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("State", "s", property_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Version", "s", NULL, offsetof(ApiBus, version),
                        SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Connections", "u", property_load, 0, 0),
        SD_BUS_PROPERTY("Refused", "a{st}", property_totals, 0, 0),
        SD_BUS_PROPERTY("Replica", "s", property_replica, 0, 0),
        SD_BUS_PROPERTY("ReplicaPassed", "a{st}", property_totals, 0, 0),
        SD_BUS_PROPERTY("ReplicaReads", "t", property_replica, 0, 0),
        SD_BUS_PROPERTY("Requests", "u", property_load, 0, 0),
        SD_BUS_PROPERTY("Streams", "u", property_load, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateToken",
                                SD_BUS_ARGS("s", name, "as", scopes, "t", expires_seconds, "s",
                                            organisation),
                                SD_BUS_RESULT("s", id, "s", token), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListTokens", SD_BUS_ARGS("s", after, "u", limit),
                                SD_BUS_RESULT("a(sssastttt)", tokens, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RevokeToken", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AddUser", SD_BUS_ARGS("s", email, "s", role),
                                SD_BUS_RESULT("s", id), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListUsers", SD_BUS_ARGS("s", after, "u", limit),
                                SD_BUS_RESULT("a(sssbt)", users, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveUser", SD_BUS_ARGS("s", user), SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetUserPassword", SD_BUS_ARGS("s", user, "h", password),
                                SD_BUS_NO_RESULT, on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END
};

/* Building ------------------------------------------------------------------------------------- */

int api_bus_new(ApiBus **ret, uv_loop_t *loop, const char *address, ApiManager *m) {
        _cleanup_(api_bus_freep) ApiBus *b = NULL;
        const BusPlace place = {
                .address = address,
                .name = NAME,
                .identifier = "dpin-api",
                .without = "no place on D-Bus: tokens and users cannot be managed by dpinctl",
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

        r = bus_calls_new(&b->calls, b->bus, deeds, m);
        if (r < 0)
                return r;
        r = sd_bus_add_object_vtable(bus_get(b->bus), NULL, OBJECT, INTERFACE, api_vtable, b);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(b);
        return 0;
}

ApiBus *api_bus_free(ApiBus *b) {
        if (!b)
                return NULL;
        bus_calls_free(b->calls);
        bus_free(b->bus);
        free(b);
        return NULL;
}

void api_bus_changed(ApiBus *b) {
        if (b)
                (void)sd_bus_emit_properties_changed(bus_get(b->bus), OBJECT, INTERFACE, "State",
                                                     NULL);
}
