/* What the methods of org.dpin.Hub1 do, as deeds of store/bus-call.h; userdata is the manager. */
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
void hub_bus_remove_website(BusCall *c, void *userdata);
void hub_bus_show_website(BusCall *c, void *userdata);
void hub_bus_pause_website(BusCall *c, void *userdata);
void hub_bus_resume_website(BusCall *c, void *userdata);

void hub_bus_list_payouts(BusCall *c, void *userdata);
void hub_bus_approve_payout(BusCall *c, void *userdata);
void hub_bus_settle_payout(BusCall *c, void *userdata);
