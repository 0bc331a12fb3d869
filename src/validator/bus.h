/* org.dpin.Validator1 on D-Bus: what the validator is doing, for everyone to read, and what its
 * administrator may ask it to do. */
#pragma once

#include <uv.h>

#include "base/macro.h"

typedef struct ValidatorBus ValidatorBus;
typedef struct ValidatorManager ValidatorManager;

/* address: of a private bus; "none": no bus at all; NULL: the system bus. Without a bus, or when
 * another validator has the name already, it logs once and runs on (*ret is NULL then). The manager
 * is borrowed; it is asked by validator_manager_status(). */
int validator_bus_new(ValidatorBus **ret, uv_loop_t *loop, const char *address,
                      ValidatorManager *m);
ValidatorBus *validator_bus_free(ValidatorBus *b);
DEFINE_FREEP(ValidatorBus, validator_bus_free);
/* State, Connected or Orders may have changed. b may be NULL. */
void validator_bus_changed(ValidatorBus *b);
