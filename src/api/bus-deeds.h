/* What the methods of org.dpin.Api1 do, as deeds of store/bus-call.h; userdata is the manager. */
#pragma once

#include "api/manager.h"
#include "store/bus-call.h"

void api_bus_reload(BusCall *c, void *userdata);

void api_bus_create_token(BusCall *c, void *userdata);
void api_bus_list_tokens(BusCall *c, void *userdata);
void api_bus_revoke_token(BusCall *c, void *userdata);

void api_bus_add_user(BusCall *c, void *userdata);
void api_bus_list_users(BusCall *c, void *userdata);
void api_bus_remove_user(BusCall *c, void *userdata);
void api_bus_set_user_password(BusCall *c, void *userdata);
