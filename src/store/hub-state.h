/* The hub's own row: how far it came, under which network key, when it was last alive. */
#pragma once

#include "store/store.h"

typedef struct HubStateRow {
        uint64_t commit_no; /* of the last commit */
        uint8_t network_key[32];
        bool has_network_key;
        usec_t heartbeat;   /* hub time of that commit; USEC_INFINITY: never */
        uint64_t order_max; /* highest order id and batch id in use: the hub goes on from there */
        uint64_t batch_max;
        uint64_t deeds;    /* revision up to which it told what people did with incidents */
        uint64_t paged_no; /* commits up to this one have all their ticks on pages */
} HubStateRow;

typedef void (*HubStateRows)(int r, const HubStateRow *rows, size_t n, void *userdata);

/* One row. */
int hub_state_load(Store *s, HubStateRows callback, void *userdata, StoreCall **ret);

/* First statement of every commit: fails with -ESTALE unless commit_no is the next one; also the
 * NOTIFY that listeners get when it takes effect. */
void hub_commit(PqTransaction *t, uint64_t commit_no);
/* Sets the key if there is none; -ESTALE if there is another. */
void hub_network_key_put(PqTransaction *t, const uint8_t key[static 32]);
typedef struct HubHeartbeat {
        usec_t now;        /* the hub's, when a commit was sent: nothing in it is later */
        uint64_t paged_no; /* ticks up to this commit are on pages with it, ... */
        usec_t paged;      /* ... and those that came before this moment */
} HubHeartbeat;

/* The last statement of a commit. */
void hub_heartbeat_put(PqTransaction *t, const HubHeartbeat *beat);

extern const PqStatement *const hub_state_statements[];
