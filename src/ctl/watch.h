/* What the verbs that do not end share: how often, how many times, and waiting in between. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "base/time.h"
#include "ctl/command.h"

typedef struct Watch {
        usec_t delay;
        uint32_t left; /* UINT32_MAX: without end */
} Watch;

/* By --delay and --count. CTL_USAGE: told. */
CtlExit watch_begin(const Args *args, Watch *ret);
/* Once more is done: false: that was the last. */
bool watch_goes_on(Watch *w);
/* Answers what comes on the bus until then. Negative: the bus hung up. */
int watch_wait(sd_bus *bus, usec_t until);
