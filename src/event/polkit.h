/* May the sender of a message do this? On the system bus polkit answers; on a private bus only root
 * and the daemon's own uid may. */
#pragma once

#include "event/bus.h"

/* Called once if allowed; message is valid (referenced) until it returns, and a reply is its
 * business. Negative: sent as an error. Denied and failed checks have been answered to the sender
 * already, with AccessDenied or InteractiveAuthorizationRequired, and words that name the action
 * and who may. */
typedef int (*PolkitDone)(sd_bus_message *m, void *userdata);

/* Asynchronous. 1 as a method handler's return value: done() runs when allowed (never inside).
 * Missing polkit on the system bus means deny. action is e.g. "org.dpin.Hub1.validator-manage";
 * it and userdata must outlive the bus. */
int polkit_check(Bus *b, sd_bus_message *m, const char *action, PolkitDone done, void *userdata);
