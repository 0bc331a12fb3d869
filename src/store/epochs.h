/* Epochs of websites: the choice of a committee, fixed before it is used. */
#pragma once

#include "store/store.h"

typedef struct EpochRow {
        uint32_t website;
        uint64_t number;
        usec_t starts, ends;
        uint8_t n;
        uint8_t secret[32], eligible_root[32];
        const uint8_t *eligible; /* the list under the root, as the hub wrote it */
        size_t n_eligible;       /* bytes */
        uint8_t asked;           /* seats configured; 0: chosen by a hub that did not tell */
        const char *caps, *rules;
        bool unmet;
        const char *orders; /* of epoch_find() only: JSON, see there */
} EpochRow;

typedef void (*EpochRows)(int r, const EpochRow *rows, size_t n, void *userdata);

/* Ends the website's former epoch at row->starts, if it lasted longer. */
void epoch_put(PqTransaction *t, const EpochRow *row);
/* The newest of each website that is not removed. */
int epochs_load(Store *s, EpochRows callback, void *userdata, StoreCall **ret);

typedef struct EpochQuery {
        Uuid website;
        uint64_t number; /* 0: the newest */
} EpochQuery;

#define EPOCH_ORDERS_MAX 1000 /* the first of them; more are left out */

/* One row; -ENOENT. With the orders of members that were in force in it, those of before included,
 * as an array of {"seat","validator","epoch","startsAt" (us),"removedAt" (us, 0: in force),"order",
 * "root","signature","path"}: bytes as base64url, the last three "" where it was never sent. */
int epoch_find(Store *s, const EpochQuery *query, EpochRows callback, void *userdata,
               StoreCall **ret);

extern const PqStatement *const epochs_statements[];
