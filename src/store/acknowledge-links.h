/* Links by which incidents are acknowledged: what they are about, and their use. Whether one is
 * genuine says wire/acknowledge.h, by the network's key that stands here. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef enum LinkOutcome {
        LINK_CLOSED, /* it is over, and nobody acknowledged it */
        LINK_DONE,   /* acknowledged by it, just now */
        LINK_EXPIRED,
        LINK_OPEN, /* it may be used */
        LINK_SAME, /* acknowledged already, by whomever */
        LINK_USED,
        _LINK_OUTCOME_MAX,
} LinkOutcome;

typedef struct LinkRow {
        LinkOutcome outcome;
        const char *channel;
        const char *name, *url, *summary;    /* of the website; of the incident; "" possible */
        const char *acknowledged_by;         /* "": nobody */
        usec_t opened, closed, acknowledged; /* USEC_INFINITY: not yet */
} LinkRow;

/* One row. -ENOENT: there is no such incident or channel (any more). */
typedef void (*LinkRows)(int r, const LinkRow *rows, size_t n, void *userdata);

typedef struct LinkUse {
        Uuid incident, channel;
        usec_t ends;
        bool use; /* false: nothing is changed */
} LinkUse;

/* Only a genuine one. */
int link_follow(Store *s, const LinkUse *use, LinkRows callback, void *userdata, StoreCall **ret);

/* key: 32 bytes. -ENOENT: no hub has worked with this database yet. */
typedef void (*NetworkKeys)(int r, const uint8_t *key, size_t n, void *userdata);

int network_key_load(Store *s, NetworkKeys callback, void *userdata, StoreCall **ret);

extern const PqStatement *const acknowledge_links_statements[];
