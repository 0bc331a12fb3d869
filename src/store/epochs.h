/* Epochs of websites: the choice of a committee, fixed before it is used. */
#pragma once

#include "store/store.h"

typedef struct EpochRow {
        uint32_t website;
        Uuid public_id; /* the website's; read only */
        uint64_t number;
        usec_t starts, ends;
        uint8_t n;
        uint8_t secret[32], eligible_root[32];
        uint8_t list[32];       /* digest of the list under the root; not of an epoch of before */
        const uint8_t *ranking; /* the first of it in the order of scores: ids, u32 big-endian */
        size_t n_ranking;       /* bytes; 0: an epoch of before, which has a list of its own */
        /* Read only. Of epoch_find() the list; of epochs_load() that of an epoch of before, which
         * is in the order of scores. */
        const uint8_t *eligible;
        size_t n_eligible; /* bytes */
        uint8_t asked;     /* seats configured; 0: chosen by a hub that did not tell */
        const char *caps, *rules;
        bool unmet;
        const char *orders; /* of epoch_find() only: JSON, see there */
} EpochRow;

typedef void (*EpochRows)(int r, const EpochRow *rows, size_t n, void *userdata);

/* Its list is put before it. Ends the website's former epoch at row->starts, if it lasted longer.
 */
void epoch_put(PqTransaction *t, const EpochRow *row);
/* The newest of each website that is not removed. */
int epochs_load(Store *s, EpochRows callback, void *userdata, StoreCall **ret);

/* Who was eligible: one for all epochs that were chosen from it. */
typedef struct EligibleListRow {
        uint8_t digest[32]; /* SHA-256 of the list */
        const uint8_t *list;
        size_t n; /* bytes */
} EligibleListRow;

typedef void (*EligibleListRows)(int r, const EligibleListRow *rows, size_t n, void *userdata);

/* One that is there is noted to be in use. */
void eligible_list_put(PqTransaction *t, const EligibleListRow *row, usec_t used);
/* Those of the epochs that epochs_load() gives. */
int eligible_lists_load(Store *s, EligibleListRows callback, void *userdata, StoreCall **ret);

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
