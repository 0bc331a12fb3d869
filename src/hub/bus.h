/* org.dpin.Hub1 on D-Bus: administration of validators, websites and payouts, on top of the
 * manager. */
#pragma once

#include <uv.h>

#include "base/macro.h"

typedef struct HubBus HubBus;
typedef struct HubManager HubManager;
typedef struct NewsItem NewsItem;

/* address: of a private bus; "none": no bus at all; NULL: the system bus. Without a bus the hub
 * logs once and runs on (*ret is NULL then). The manager is borrowed. */
int hub_bus_new(HubBus **ret, uv_loop_t *loop, const char *address, HubManager *m);
HubBus *hub_bus_free(HubBus *b);
DEFINE_FREEP(HubBus, hub_bus_free);
/* The property State changed; others are looked at once a second. b may be NULL, here and below. */
void hub_bus_changed(HubBus *b);
/* As a signal. */
void hub_bus_news(HubBus *b, const NewsItem *item);
