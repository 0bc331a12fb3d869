/* Alerts about dpin itself: what is wrong with it is remembered in the database, and told from
 * there to the channels that the administrator named. */
#pragma once

#include "base/id.h"
#include "base/time.h"
#include "store/store.h"

/* What the database does not know. */
typedef struct OperatorView {
        usec_t now;          /* hub time */
        unsigned validators; /* approved ones that are connected */
        uint64_t free, room; /* bytes, of the file system of the hub's keys; room 0: not known */
} OperatorView;

/* A channel with so many alerts waiting that it is told no more: once for each thing, and again for
 * the end of it. */
typedef struct OperatorRefusal {
        Uuid channel;
        const char *name;
} OperatorRefusal;

typedef void (*OperatorRefusals)(int r, const OperatorRefusal *rows, size_t n, void *userdata);

/* Tells what has been wrong for long enough, and what has been well again for a minute; reads which
 * channels refused. */
int operator_look(Store *s, const OperatorView *view, OperatorRefusals callback, void *userdata,
                  StoreCall **ret);

extern const PqStatement *const operator_alerts_statements[];
