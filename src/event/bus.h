/* D-Bus by sd-bus on the loop. Vtables live in each program's bus.c; this file owns the connection
 * and its watches. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <uv.h>

#include "base/macro.h"

typedef struct Bus Bus;

/* address NULL: the system bus; else a private bus. Without a bus: -ENOENT, and the daemon logs
 * once and runs on. Requests `name` (queued is refused: -EEXIST when owned by another), and waits
 * for the answer: for the time of start-up. The connection is not exit-on-disconnect: when the bus
 * goes, the daemon stays. */
int bus_new(Bus **ret, uv_loop_t *loop, const char *address, const char *name);
/* Checks of polkit_check() that wait for an answer end without one. */
Bus *bus_free(Bus *b);
DEFINE_FREEP(Bus, bus_free);
/* Borrowed; for sd_bus_add_object_vtable() and signals. */
sd_bus *bus_get(Bus *b);
bool bus_is_private(const Bus *b);

/* A daemon's place on the bus. */
typedef struct BusPlace {
        const char *address;    /* of a private bus; "none": no bus at all; NULL: the system bus */
        const char *name;       /* to request */
        const char *identifier; /* for LogControl1: "dpin-hub" */
        const char *without;    /* the log's words when there is no place: what cannot be done */
} BusPlace;

/* bus_new() and bus_add_log_control() as every daemon wants them. 1; a name that another has, or
 * that the bus does not give yet, is asked for again until it is had. 0: it goes without, and *ret
 * is NULL: by "none", or because there is no bus. Absence is logged here as it is the same for all
 * daemons. */
int bus_take_place(Bus **ret, uv_loop_t *loop, const BusPlace *place);
/* Exports org.freedesktop.LogControl1 at /org/freedesktop/LogControl1 (LogLevel, which root and the
 * daemon's own user may set; LogTarget, SyslogIdentifier). */
int bus_add_log_control(Bus *b, const char *identifier);
