/* The parts of org.dpin.Hub1: what its methods do, as deeds of store/bus-call.h with the manager
 * for userdata, its figures, and what it says by itself. */
#pragma once

#include "hub/manager.h"
#include "store/bus-call.h"

void hub_bus_reload(BusCall *c, void *userdata);

void hub_bus_list_validators(BusCall *c, void *userdata);
void hub_bus_show_validator(BusCall *c, void *userdata);
void hub_bus_approve_validator(BusCall *c, void *userdata);
void hub_bus_suspend_validator(BusCall *c, void *userdata);

void hub_bus_list_websites(BusCall *c, void *userdata);
void hub_bus_add_website(BusCall *c, void *userdata);
void hub_bus_change_website(BusCall *c, void *userdata);
void hub_bus_remove_website(BusCall *c, void *userdata);
void hub_bus_show_website(BusCall *c, void *userdata);
void hub_bus_show_verdict(BusCall *c, void *userdata);
void hub_bus_pause_website(BusCall *c, void *userdata);
void hub_bus_resume_website(BusCall *c, void *userdata);
void hub_bus_make_heartbeat(BusCall *c, void *userdata);

void hub_bus_list_incidents(BusCall *c, void *userdata);
void hub_bus_list_incident_events(BusCall *c, void *userdata);
void hub_bus_show_incident(BusCall *c, void *userdata);
void hub_bus_acknowledge_incident(BusCall *c, void *userdata);
void hub_bus_assign_incident(BusCall *c, void *userdata);
void hub_bus_note_incident(BusCall *c, void *userdata);
void hub_bus_open_incident(BusCall *c, void *userdata);
void hub_bus_resolve_incident(BusCall *c, void *userdata);
void hub_bus_show_committee(BusCall *c, void *userdata);
void hub_bus_list_maintenance(BusCall *c, void *userdata);
void hub_bus_add_maintenance(BusCall *c, void *userdata);
void hub_bus_remove_maintenance(BusCall *c, void *userdata);
void hub_bus_list_alert_channels(BusCall *c, void *userdata);
void hub_bus_add_alert_channel(BusCall *c, void *userdata);
void hub_bus_change_alert_channel(BusCall *c, void *userdata);
void hub_bus_remove_alert_channel(BusCall *c, void *userdata);
void hub_bus_enable_alert_channel(BusCall *c, void *userdata);
void hub_bus_set_alert_operator(BusCall *c, void *userdata);
void hub_bus_rotate_alert_secret(BusCall *c, void *userdata);
void hub_bus_test_alert_channel(BusCall *c, void *userdata);
void hub_bus_list_alerts(BusCall *c, void *userdata);
void hub_bus_replay_alert(BusCall *c, void *userdata);

void hub_bus_list_payouts(BusCall *c, void *userdata);
void hub_bus_approve_payout(BusCall *c, void *userdata);
void hub_bus_settle_payout(BusCall *c, void *userdata);

void hub_bus_list_organisations(BusCall *c, void *userdata);
void hub_bus_keep_organisation(BusCall *c, void *userdata);

void hub_bus_show_database(BusCall *c, void *userdata);
void hub_bus_verify_database(BusCall *c, void *userdata);

/* Where signals come from. */
typedef struct BusObject {
        sd_bus *bus; /* borrowed */
        const char *path, *interface;
} BusObject;

int hub_bus_signal(const BusObject *from, const NewsItem *item);

/* What of the properties moves by itself. Whoever watches is told once a second at most. */
typedef struct HubFigures {
        uint32_t sessions, websites, validators, connected, incidents;
        uint32_t states[_VERDICT_MAX];
        uint64_t dropped;
        uint64_t seen; /* news: without any, incidents and states are what they were */
} HubFigures;

/* before: as they were; what did not move since is not counted again. */
HubFigures hub_figures(HubManager *m, const HubFigures *before);
/* The properties that differ, ended by NULL; their number. */
#define HUB_FIGURES_MAX 8
size_t hub_figures_compare(const HubFigures *a, const HubFigures *b,
                           char *ret[static HUB_FIGURES_MAX]);
int hub_figures_append(const HubFigures *f, const char *property, sd_bus_message *reply);
