/* A dbus-daemon of the test's own: every user may connect, own names and send. */
#pragma once

#include "base/macro.h"

typedef struct PrivateBus PrivateBus;

/* 0; -ENOENT: dbus-daemon is not installed. */
int private_bus_start(PrivateBus **ret);
PrivateBus *private_bus_stop(PrivateBus *b);
DEFINE_FREEP(PrivateBus, private_bus_stop);
const char *private_bus_address(const PrivateBus *b);
