/* Signed batches as they came: the evidence. */
#pragma once

#include "store/store.h"

typedef struct BatchRow {
        uint64_t id; /* allocated by the hub, from HubStateRow.batch_max on */
        uint32_t validator;
        uint64_t incarnation, sequence;
        uint8_t hash[32];
        const uint8_t *frame; /* not loaded by batch_find() */
        size_t n_frame;
        const uint8_t *codes; /* one disposition per tick, as receipts count them */
        size_t n_codes;
        usec_t created, arrived;
        bool unsynced; /* its ticks do not vote; not loaded by batch_find() */
        uint64_t commit_no;
} BatchRow;

typedef void (*BatchRows)(int r, const BatchRow *rows, size_t n, void *userdata);

/* In one statement. */
void batches_put(PqTransaction *t, const BatchRow *rows, size_t n);

typedef struct BatchQuery {
        uint32_t validator;
        uint64_t incarnation, sequence;
} BatchQuery;

/* Of the last 48 h; n is 0 when there is none. */
int batch_find(Store *s, const BatchQuery *query, BatchRows callback, void *userdata,
               StoreCall **ret);

extern const PqStatement *const batches_statements[];
