/* What happens next: a heap of events by time, those of one moment in the order they were put. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"
#include "wire/tick.h"

typedef enum EventKind {
        EVENT_SLOT,       /* a validator's scheduled check is due */
        EVENT_PROBE,      /* a probe has come to a validator */
        EVENT_DONE,       /* its check has ended */
        EVENT_ARRIVE,     /* what it says has come to the hub */
        EVENT_SUSPECT,    /* its hint has */
        EVENT_TOLD,       /* an order has come to it */
        EVENT_UNTOLD,     /* that an order ended */
        EVENT_COMMIT,     /* the hub's database has what was decided */
        EVENT_HEARTBEAT,  /* the hub writes that it lives */
        EVENT_BEGIN,      /* a hub starts */
        EVENT_TRUTH,      /* the website goes down, or comes back */
        EVENT_SLOWNESS,   /* it becomes slow, or fast again */
        EVENT_CONNECT,    /* a validator joins */
        EVENT_DISCONNECT, /* the hub notices that it is gone */
        EVENT_TROUBLE,    /* whatever the scenario has in store */
        EVENT_HEAL,       /* and its end */
        EVENT_ALARM,      /* somebody asked to be called */
} EventKind;

/* A tick on its way. */
typedef struct Said {
        uint64_t order; /* row */
        uint32_t number, latency;
        TickKind kind;
        TickOutcome outcome;
        usec_t start; /* by the validator's clock */
} Said;

typedef struct Event {
        usec_t at;
        uint64_t turn; /* of insertion: ties are decided */
        EventKind kind;
        uint8_t who;
        uint32_t line; /* the connection it came by; one of an earlier connection is void */
        Said said;
} Event;

typedef struct Events Events;

int events_new(Events **ret);
Events *events_free(Events *e);
DEFINE_FREEP(Events, events_free);
void events_put(Events *e, const Event *event);
/* Of the first, USEC_INFINITY: none. */
usec_t events_next(const Events *e);
/* The first, which there is. */
Event events_take(Events *e);
