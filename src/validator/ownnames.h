/* Whether it is this machine whose names do not become addresses, when a website's seems not to:
 * asked after failures of DNS, which who is heard over a connection that stands, as the hub is,
 * says nothing about. The machine's own resolvers are asked for the root's servers, which each of
 * them knows whoever else is away. One question is under way at a time, and its answer holds for
 * some seconds. */
#pragma once

#include "event/resolver.h"

#define OWN_NAMES_PATIENCE   (3 * USEC_PER_SEC / 2)
#define OWN_NAMES_GOOD_FOR   USEC_PER_SEC
#define OWN_NAMES_BROKEN_FOR (5 * USEC_PER_SEC)

typedef struct OwnNames OwnNames;
typedef struct OwnNamesAsk OwnNamesAsk; /* somebody waits for the answer */

typedef void (*OwnNamesDone)(bool broken, void *userdata);

/* resolver: borrowed. */
int own_names_new(OwnNames **ret, Resolver *resolver);
/* Who waits is forgotten without a callback; not inside of one. */
OwnNames *own_names_free(OwnNames *o);
DEFINE_FREEP(OwnNames, own_names_free);

typedef enum OwnNamesState {
        OWN_NAMES_GOOD,
        OWN_NAMES_BROKEN,
        OWN_NAMES_ASKED, /* the callback comes within the patience, never inside */
} OwnNamesState;

/* An OwnNamesState, or negative. */
int own_names_ask(OwnNames *o, OwnNamesDone done, void *userdata, OwnNamesAsk **ret);
OwnNamesAsk *own_names_cancel(OwnNamesAsk *a);
