/* org.dpin.Api1 on D-Bus: administration of users and tokens, on top of the manager. */
#pragma once

#include <uv.h>

#include "base/macro.h"

typedef struct ApiBus ApiBus;
typedef struct ApiManager ApiManager;

/* address: of a private bus; "none": no bus at all; NULL: the system bus. Without a bus the API
 * logs once and runs on (*ret is NULL then). The manager is borrowed. */
int api_bus_new(ApiBus **ret, uv_loop_t *loop, const char *address, ApiManager *m);
ApiBus *api_bus_free(ApiBus *b);
DEFINE_FREEP(ApiBus, api_bus_free);
/* The property State changed. b may be NULL. */
void api_bus_changed(ApiBus *b);
