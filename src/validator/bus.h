/* org.dpin.Validator1 on D-Bus: what this validator does, to look at. */
#pragma once

#include <uv.h>

#include "base/macro.h"

typedef struct ValidatorBus ValidatorBus;
typedef struct ValidatorManager ValidatorManager;

/* address: of a private bus; "none": no bus at all; NULL: the system bus. Without a bus, or with the name taken, it logs once and
 * runs on (*ret is NULL then). The manager is borrowed. */
int validator_bus_new(ValidatorBus **ret, uv_loop_t *loop, const char *address, const ValidatorManager *m);
ValidatorBus *validator_bus_free(ValidatorBus *b);
DEFINE_FREEP(ValidatorBus, validator_bus_free);
/* The state changed. b may be NULL. */
void validator_bus_changed(ValidatorBus *b);
