/* The daemons over D-Bus, with calls that wait: a command does one thing and ends. What fails is
 * told on the standard error, with its remedy, and comes back as the exit code. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "base/macro.h"
#include "ctl/command.h"

typedef struct Service {
        const char *unit, *name, *path; /* the interface is called like the name */
} Service;

extern const Service service_hub, service_api, service_validator;
extern const Service *const services[]; /* ended by NULL */
/* "hub" or "dpin-hub"; NULL: there is none, told. */
const Service *service_find(const char *name);

CtlExit bus_open(const Args *args, sd_bus **ret);
/* A call to be filled and sent; NULL: told. */
sd_bus_message *bus_prepare(sd_bus *bus, const Service *s, const char *member);
/* Takes the call. r: of sd_bus_message_append(), negative fails. ret may be NULL. */
CtlExit bus_send(const Service *s, sd_bus_message *call, int r, sd_bus_message **ret);
typedef struct BusMethod {
        const Service *service;
        const char *member;
} BusMethod;

/* All in one, for arguments of simple types; ret may be NULL. */
CtlExit bus_ask(const Args *args, const BusMethod *method, sd_bus_message **ret, const char *types,
                ...);
typedef struct BusList {
        const Service *service;
        const char *member, *types; /* of one element, as "(ss)" */
        const char *state;          /* only these, "" all; NULL: no such filter */
        int (*row)(sd_bus_message *m, void *userdata); /* 1: read one; 0: no more on this page */
        void *userdata;
} BusList;

/* Opens the bus and walks the pages of a list. */
CtlExit bus_list(const Args *args, const BusList *list);
/* The properties of a daemon as a{sv}, the message standing before it; CTL_UNAVAILABLE without a
 * word when it does not run. It is not started by this. */
CtlExit bus_properties(sd_bus *bus, const Service *s, sd_bus_message **ret);
/* One of them, of the interface org.freedesktop.LogControl1, as v. */
CtlExit bus_property(sd_bus *bus, const Service *s, const char *name, sd_bus_message **ret);
/* Setting one of them: the value is to be appended. NULL: told. */
sd_bus_message *bus_prepare_set(sd_bus *bus, const Service *s, const char *name);
bool bus_is_running(sd_bus *bus, const Service *s);
/* As a call to it would. */
void bus_tell_absent(const Service *s);
/* For what cannot be read of an answer. */
CtlExit bus_garbled(const Service *s, int r);
