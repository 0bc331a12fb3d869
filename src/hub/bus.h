/* org.dpin.Hub1 on D-Bus: administration of validators, websites and payouts, on top of the
 * manager. */
#pragma once

#include <uv.h>

#include "base/macro.h"

typedef struct HubBus HubBus;
typedef struct HubManager HubManager;

/* address: of a private bus; "none": no bus at all; NULL: the system bus. Without a bus the hub
 * logs once and runs on (*ret is NULL then). The manager is borrowed. */
int hub_bus_new(HubBus **ret, uv_loop_t *loop, const char *address, HubManager *m);
HubBus *hub_bus_free(HubBus *b);
DEFINE_FREEP(HubBus, hub_bus_free);
/* The properties State or Sessions changed. b may be NULL. */
void hub_bus_changed(HubBus *b);
