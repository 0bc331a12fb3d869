/* Check of org.dpin.Validator1: one check for the administrator of this machine, by the same
 * guard and limits as ordered ones. It is signed for nobody and votes nowhere. */
#pragma once

#include "event/bus.h"
#include "validator/manager.h"

#define BUS_CHECKS_MAX 8 /* at once */

typedef struct BusChecks BusChecks;

int bus_checks_new(BusChecks **ret, ValidatorManager *m);
/* Those under way end without an answer. */
BusChecks *bus_checks_free(BusChecks *c);
DEFINE_FREEP(BusChecks, bus_checks_free);
/* As the result of a method: the caller may. */
int bus_checks_start(BusChecks *c, sd_bus_message *m);
