/* The bus itself: connection, properties, and the table of methods, whose deeds are in
 * bus-NOUN.c. */
#include "hub/bus.h"

#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "hub/bus-deeds.h"

#define NAME      "org.dpin.Hub1"
#define OBJECT    "/org/dpin/Hub1"
#define INTERFACE "org.dpin.Hub1"

struct HubBus {
        HubManager *manager; /* borrowed */
        Bus *bus;
        const char *version; /* a property */
        BusCalls *calls;
        Timer *timer;       /* looks for figures that changed */
        HubFigures figures; /* as they were counted last */
        HubFigures told;
};

static const BusDeed deeds[] = {
        { "AcknowledgeIncident", "org.dpin.Hub1.incident-manage", hub_bus_acknowledge_incident },
        { "AddAlertChannel", "org.dpin.Hub1.alert-manage", hub_bus_add_alert_channel },
        { "AddMaintenance", "org.dpin.Hub1.website-manage", hub_bus_add_maintenance },
        { "AddWebsite", "org.dpin.Hub1.website-manage", hub_bus_add_website },
        { "ApprovePayout", "org.dpin.Hub1.payout-manage", hub_bus_approve_payout },
        { "ApproveValidator", "org.dpin.Hub1.validator-manage", hub_bus_approve_validator },
        { "AssignIncident", "org.dpin.Hub1.incident-manage", hub_bus_assign_incident },
        { "ChangeAlertChannel", "org.dpin.Hub1.alert-manage", hub_bus_change_alert_channel },
        { "ChangeWebsite", "org.dpin.Hub1.website-manage", hub_bus_change_website },
        { "EnableAlertChannel", "org.dpin.Hub1.alert-manage", hub_bus_enable_alert_channel },
        { "SetAlertOperator", "org.dpin.Hub1.alert-manage", hub_bus_set_alert_operator },
        { "KeepOrganisation", "org.dpin.Hub1.organisation-manage", hub_bus_keep_organisation },
        { "ListAlertChannels", "org.dpin.Hub1.alert-manage", hub_bus_list_alert_channels },
        { "ListAlerts", NULL, hub_bus_list_alerts },
        { "ListIncidentEvents", NULL, hub_bus_list_incident_events },
        { "ListIncidents", NULL, hub_bus_list_incidents },
        { "ListMaintenance", NULL, hub_bus_list_maintenance },
        { "ListOrganisations", NULL, hub_bus_list_organisations },
        { "ListPayouts", NULL, hub_bus_list_payouts },
        { "ListValidators", NULL, hub_bus_list_validators },
        { "ListWebsites", NULL, hub_bus_list_websites },
        { "MakeHeartbeat", "org.dpin.Hub1.website-manage", hub_bus_make_heartbeat },
        { "NoteIncident", "org.dpin.Hub1.incident-manage", hub_bus_note_incident },
        { "OpenIncident", "org.dpin.Hub1.incident-manage", hub_bus_open_incident },
        { "PauseWebsite", "org.dpin.Hub1.website-manage", hub_bus_pause_website },
        { "Reload", "org.dpin.Hub1.reload", hub_bus_reload },
        { "RemoveAlertChannel", "org.dpin.Hub1.alert-manage", hub_bus_remove_alert_channel },
        { "RemoveMaintenance", "org.dpin.Hub1.website-manage", hub_bus_remove_maintenance },
        { "RemoveWebsite", "org.dpin.Hub1.website-manage", hub_bus_remove_website },
        { "ReplayAlert", "org.dpin.Hub1.alert-manage", hub_bus_replay_alert },
        { "ResolveIncident", "org.dpin.Hub1.incident-manage", hub_bus_resolve_incident },
        { "ResumeWebsite", "org.dpin.Hub1.website-manage", hub_bus_resume_website },
        { "RotateAlertSecret", "org.dpin.Hub1.alert-manage", hub_bus_rotate_alert_secret },
        { "SettlePayout", "org.dpin.Hub1.payout-manage", hub_bus_settle_payout },
        { "ShowCommittee", NULL, hub_bus_show_committee },
        { "ShowDatabase", NULL, hub_bus_show_database },
        { "ShowIncident", NULL, hub_bus_show_incident },
        { "ShowValidator", NULL, hub_bus_show_validator },
        { "ShowVerdict", NULL, hub_bus_show_verdict },
        { "ShowWebsite", NULL, hub_bus_show_website },
        { "SuspendValidator", "org.dpin.Hub1.validator-manage", hub_bus_suspend_validator },
        { "TestAlertChannel", "org.dpin.Hub1.alert-manage", hub_bus_test_alert_channel },
        { "VerifyDatabase", NULL, hub_bus_verify_database },
        { 0 },
};

void hub_bus_reload(BusCall *c, void *userdata) {
        _cleanup_free_ char *error = NULL;
        int r = hub_manager_reload(userdata, &error);

        bus_call_reply_reloaded(c, r, error);
}

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_) {
        HubBus *b = userdata;

        return bus_calls_method(b->calls, m);
}

/* Properties ----------------------------------------------------------------------------------- */

static int property_state(sd_bus *bus _unused_, const char *path _unused_,
                          const char *interface _unused_, const char *property _unused_,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        HubBus *b = userdata;

        return sd_bus_message_append(reply, "s", hub_manager_state(b->manager));
}

static int property_network_key(sd_bus *bus _unused_, const char *path _unused_,
                                const char *interface _unused_, const char *property _unused_,
                                sd_bus_message *reply, void *userdata,
                                sd_bus_error *error _unused_) {
        HubBus *b = userdata;
        char text[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];

        base64url_encode(hub_manager_network(b->manager)->bytes, SIGN_PUBLIC_SIZE, text);
        return sd_bus_message_append(reply, "s", text);
}

static int property_webhook_key(sd_bus *bus _unused_, const char *path _unused_,
                                const char *interface _unused_, const char *property _unused_,
                                sd_bus_message *reply, void *userdata,
                                sd_bus_error *error _unused_) {
        HubBus *b = userdata;
        char text[ALERT_SECRET_TEXT_SIZE];

        return sd_bus_message_append(reply, "s",
                                     alert_public_text(hub_manager_alert_keys(b->manager), text));
}

/* Since the start. */
static int property_alerts(sd_bus *bus _unused_, const char *path _unused_,
                           const char *interface _unused_, const char *property _unused_,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        HubBus *b = userdata;
        AlertsCounters c = hub_manager_alerts(b->manager);

        return sd_bus_message_append(reply, "a{st}", 5, "channels_disabled", c.disabled,
                                     "delivered", c.delivered, "failed_tries", c.failed_tries,
                                     "given_up", c.given_up, "under_way", (uint64_t)c.under_way);
}

static int property_dead_man(sd_bus *bus _unused_, const char *path _unused_,
                             const char *interface _unused_, const char *property _unused_,
                             sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        HubBus *b = userdata;

        return sd_bus_message_append(reply, "s", dead_man_state(hub_manager_dead_man(b->manager)));
}

/* Since the start. */
static int property_dead_man_calls(sd_bus *bus _unused_, const char *path _unused_,
                                   const char *interface _unused_, const char *property _unused_,
                                   sd_bus_message *reply, void *userdata,
                                   sd_bus_error *error _unused_) {
        HubBus *b = userdata;
        DeadManCounters c = dead_man_counters(hub_manager_dead_man(b->manager));

        return sd_bus_message_append(reply, "a{st}", 3, "answered", c.answered, "failed", c.failed,
                                     "held_seconds", c.held);
}

static int property_figure(sd_bus *bus _unused_, const char *path _unused_,
                           const char *interface _unused_, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        HubBus *b = userdata;

        b->figures = hub_figures(b->manager, &b->figures);
        return hub_figures_append(&b->figures, property, reply);
}

/* Since the state was read from the database. */
static int property_taken(sd_bus *bus _unused_, const char *path _unused_,
                          const char *interface _unused_, const char *property _unused_,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        HubBus *b = userdata;
        const Core *core = hub_manager_core(b->manager);
        IngestCounters c = core ? *core_counters(core) : (IngestCounters){ 0 };

        return sd_bus_message_append(
                        reply, "a{st}", 6, "batches", c.batches, "commits",
                        core ? writer_committed(core_writer(core)) : UINT64_C(0),
                        "decisions_unlogged", core ? board_unlogged(core_board(core)) : UINT64_C(0),
                        "epochs_postponed", core ? board_postponed(core_board(core)) : UINT64_C(0),
                        "repeated", c.repeated, "ticks", c.ticks);
}

/* What is refused before there is a session. */
static const struct {
        const char *name;
        size_t offset;
} connection_counters[] = {
        { "connections_full", offsetof(WsCounters, refused_full) },
        { "handshakes_dropped", offsetof(WsCounters, dropped) },
        { "message_too_fragmented", offsetof(WsCounters, too_fragmented) },
        { "message_too_long", offsetof(WsCounters, too_long) },
        { "message_too_slow", offsetof(WsCounters, too_slow) },
        { "proxy_names_no_address", offsetof(WsCounters, refused_address) },
        { "upgrade_from_origin", offsetof(WsCounters, refused_origin) },
        { "upgrade_of_other_protocol", offsetof(WsCounters, refused_protocol) },
};

static void on_total(const char *code, uint64_t count, void *userdata) {
        (void)sd_bus_message_append(userdata, "{st}", code, count);
}

static int property_refused(sd_bus *bus _unused_, const char *path _unused_,
                            const char *interface _unused_, const char *property _unused_,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        HubBus *b = userdata;
        const WsCounters *counters = hub_manager_connections(b->manager);
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{st}");
        if (r < 0)
                return r;
        refusals_totals(hub_manager_refusals(b->manager), on_total, reply);
        for (size_t i = 0; counters && i < ELEMENTSOF(connection_counters); i++)
                on_total(connection_counters[i].name,
                         *(const uint64_t *)((const char *)counters +
                                             connection_counters[i].offset),
                         reply);
        return sd_bus_message_close_container(reply);
}

static const sd_bus_vtable hub_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("State", "s", property_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Version", "s", NULL, offsetof(HubBus, version),
                        SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("NetworkKey", "s", property_network_key, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("WebhookKey", "s", property_webhook_key, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Sessions", "u", property_figure, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Validators", "u", property_figure, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ValidatorsConnected", "u", property_figure, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Websites", "u", property_figure, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("States", "a{su}", property_figure, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Incidents", "u", property_figure, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("SignalsDropped", "t", property_figure, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Alerts", "a{st}", property_alerts, 0, 0),
        SD_BUS_PROPERTY("DeadMan", "s", property_dead_man, 0, 0),
        SD_BUS_PROPERTY("DeadManCalls", "a{st}", property_dead_man_calls, 0, 0),
        SD_BUS_PROPERTY("Taken", "a{st}", property_taken, 0, 0),
        SD_BUS_PROPERTY("Refused", "a{st}", property_refused, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListValidators", SD_BUS_ARGS("s", state, "s", after, "u", limit),
                                SD_BUS_RESULT("a(sssssubsstxx)", validators, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ShowValidator", SD_BUS_ARGS("s", key),
                                SD_BUS_RESULT("(sssssubsstxx)", validator), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ApproveValidator",
                                SD_BUS_ARGS("s", key, "s", operator, "s", region, "u", asn),
                                SD_BUS_NO_RESULT, on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SuspendValidator", SD_BUS_ARGS("s", key), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListWebsites", SD_BUS_ARGS("s", after, "u", limit),
                                SD_BUS_RESULT("a(sssuuybts)", websites, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AddWebsite", SD_BUS_ARGS("s", url, "a{sv}", options),
                                SD_BUS_RESULT("s", id), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveWebsite", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ShowWebsite", SD_BUS_ARGS("s", id),
                                SD_BUS_RESULT("s", status, "s", verdict), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ShowVerdict", SD_BUS_ARGS("s", id, "s", at),
                                SD_BUS_RESULT("s", verdict), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ChangeWebsite", SD_BUS_ARGS("s", id, "a{sv}", options),
                                SD_BUS_NO_RESULT, on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PauseWebsite", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResumeWebsite", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("MakeHeartbeat", SD_BUS_ARGS("s", id), SD_BUS_RESULT("s", path),
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListIncidents", SD_BUS_ARGS("s", state, "s", after, "u", limit),
                                SD_BUS_RESULT("a(ssssssstttss)", incidents, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ShowIncident", SD_BUS_ARGS("s", id),
                                SD_BUS_RESULT("(ssssssstttss)", incident), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListIncidentEvents", SD_BUS_ARGS("s", id, "s", after, "u", limit),
                                SD_BUS_RESULT("a(tsss)", events, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AcknowledgeIncident", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("NoteIncident", SD_BUS_ARGS("s", id, "s", text), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AssignIncident", SD_BUS_ARGS("s", id, "s", email),
                                SD_BUS_NO_RESULT, on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenIncident", SD_BUS_ARGS("s", website, "s", title, "s", text),
                                SD_BUS_RESULT("s", id), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResolveIncident", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListMaintenance", SD_BUS_ARGS("s", after, "u", limit),
                                SD_BUS_RESULT("a(sssssttt)", windows, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AddMaintenance", SD_BUS_ARGS("a{sv}", options),
                                SD_BUS_RESULT("s", id), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveMaintenance", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListAlertChannels", SD_BUS_ARGS("s", after, "u", limit),
                                SD_BUS_RESULT("a(ssssssbsuuttb)", channels, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                        "AddAlertChannel",
                        SD_BUS_ARGS("s", kind, "s", name, "s", settings, "s", filter, "s", rules),
                        SD_BUS_RESULT("s", id, "s", secret), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                        "ChangeAlertChannel",
                        SD_BUS_ARGS("s", id, "s", name, "s", settings, "s", filter, "s", rules),
                        SD_BUS_NO_RESULT, on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveAlertChannel", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("EnableAlertChannel", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetAlertOperator", SD_BUS_ARGS("s", id, "b", is), SD_BUS_NO_RESULT,
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RotateAlertSecret", SD_BUS_ARGS("s", id),
                                SD_BUS_RESULT("s", secret), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("TestAlertChannel", SD_BUS_ARGS("s", id), SD_BUS_RESULT("s", alert),
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListAlerts", SD_BUS_ARGS("s", state, "s", after, "u", limit),
                                SD_BUS_RESULT("a(ssssssuttt)", alerts, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReplayAlert", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListPayouts", SD_BUS_ARGS("s", status, "s", after, "u", limit),
                                SD_BUS_RESULT("a(sssxssttt)", payouts, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ApprovePayout", SD_BUS_ARGS("s", id), SD_BUS_RESULT("s", status),
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SettlePayout", SD_BUS_ARGS("s", id, "s", transaction),
                                SD_BUS_RESULT("s", status), on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ShowCommittee", SD_BUS_ARGS("s", id, "t", number),
                                SD_BUS_RESULT("t", epoch, "t", starts, "t", ends, "t", revealed,
                                              "y", seats, "y", asked, "s", caps, "s", rules, "b",
                                              unmet, "ay", network, "ay", commitment, "ay", root,
                                              "ay", secret, "a(ayayay)", eligible, "s", orders),
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListOrganisations",
                                SD_BUS_ARGS("s", state, "s", after, "u", limit),
                                SD_BUS_RESULT("a(ssuu)", organisations, "s", next), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("KeepOrganisation", SD_BUS_ARGS("s", id, "s", level, "u", days),
                                SD_BUS_NO_RESULT, on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ShowDatabase", SD_BUS_NO_ARGS,
                                SD_BUS_RESULT("u", schema, "t", bytes, "a(ssxttutt)", tables),
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("VerifyDatabase", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sss)", problems),
                                on_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("WebsiteStateChanged",
                                SD_BUS_ARGS("s", id, "s", url, "s", state, "s", previous, "s",
                                            cause, "s", assurance, "t", at),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("WebsiteAdded", SD_BUS_ARGS("s", id, "s", url, "t", at), 0),
        SD_BUS_SIGNAL_WITH_ARGS("WebsiteRemoved", SD_BUS_ARGS("s", id, "s", url, "t", at), 0),
        SD_BUS_SIGNAL_WITH_ARGS("WebsiteFlapping",
                                SD_BUS_ARGS("s", id, "s", url, "s", how, "t", at), 0),
        SD_BUS_SIGNAL_WITH_ARGS("IncidentOpened",
                                SD_BUS_ARGS("s", id, "s", website, "s", url, "s", kind, "s", cause,
                                            "t", at),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("IncidentClosed",
                                SD_BUS_ARGS("s", id, "s", website, "s", url, "s", kind, "s", cause,
                                            "t", at),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("IncidentChanged",
                                SD_BUS_ARGS("s", id, "s", website, "s", url, "s", kind, "s",
                                            severity, "s", summary, "t", at),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("ValidatorOnline", SD_BUS_ARGS("s", key, "s", name, "t", at), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ValidatorOffline", SD_BUS_ARGS("s", key, "s", name, "t", at), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ValidatorWaiting",
                                SD_BUS_ARGS("s", key, "s", name, "s", address, "t", at), 0),
        SD_BUS_VTABLE_END
};

/* What it says by itself ----------------------------------------------------------------------- */

static void on_beat(void *userdata) {
        HubBus *b = userdata;
        char *names[HUB_FIGURES_MAX];

        b->figures = hub_figures(b->manager, &b->figures);
        if (hub_figures_compare(&b->figures, &b->told, names) > 0)
                (void)sd_bus_emit_properties_changed_strv(bus_get(b->bus), OBJECT, INTERFACE,
                                                          names);
        b->told = b->figures;
}

void hub_bus_news(HubBus *b, const NewsItem *item) {
        int r;

        if (!b)
                return;
        r = hub_bus_signal(&(const BusObject){ bus_get(b->bus), OBJECT, INTERFACE }, item);
        if (r < 0)
                log_debug("a signal cannot be sent: %s", strerror(-r));
}

/* Building ------------------------------------------------------------------------------------- */

int hub_bus_new(HubBus **ret, uv_loop_t *loop, const char *address, HubManager *m) {
        _cleanup_(hub_bus_freep) HubBus *b = NULL;
        const BusPlace place = {
                .address = address,
                .name = NAME,
                .identifier = "dpin-hub",
                .without = "no place on D-Bus: this hub cannot be administrated by dpinctl",
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
        r = sd_bus_add_object_vtable(bus_get(b->bus), NULL, OBJECT, INTERFACE, hub_vtable, b);
        if (r < 0)
                return r;
        r = timer_new(&b->timer, loop, on_beat, b);
        if (r < 0)
                return r;
        timer_every(b->timer, USEC_PER_SEC, USEC_PER_SEC);

        *ret = TAKE_PTR(b);
        return 0;
}

HubBus *hub_bus_free(HubBus *b) {
        if (!b)
                return NULL;
        timer_free(b->timer);
        bus_calls_free(b->calls);
        bus_free(b->bus);
        free(b);
        return NULL;
}

void hub_bus_changed(HubBus *b) {
        if (!b)
                return;
        b->figures.seen = UINT64_MAX; /* with another core all is counted anew */
        (void)sd_bus_emit_properties_changed(bus_get(b->bus), OBJECT, INTERFACE, "State", NULL);
}
