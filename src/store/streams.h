/* Positions of validators' streams: what makes delivery exactly once. */
#pragma once

#include "store/store.h"

typedef struct StreamRow {
        uint32_t validator;
        uint64_t incarnation, last_seq;
        uint8_t last_hash[32];
        bool resealed;
        usec_t opened, updated; /* when loaded */
} StreamRow;

/* Sequences that are covered by a receipt of this hub's and are not in its database. */
typedef struct StreamLoss {
        uint32_t validator;
        uint64_t incarnation, from, to;
        const void *receipt;
        size_t n_receipt;
} StreamLoss;

typedef void (*StreamRows)(int r, const StreamRow *rows, size_t n, void *userdata);

typedef struct StreamMove {
        StreamRow to;
        uint64_t from; /* sequence; 0: opens the stream */
} StreamMove;

/* In one statement. Steps of one stream come one after the other, but dearer than as one step. The
 * whole transaction fails with -ESTALE if a stream is not at `from`. */
void streams_advance(PqTransaction *t, const StreamMove *moves, size_t n);
/* Recorded, with the receipt as evidence. */
void stream_loss_put(PqTransaction *t, const StreamLoss *loss);
/* All streams of one validator. */
int streams_load(Store *s, uint32_t validator, StreamRows callback, void *userdata,
                 StoreCall **ret);
/* One stream is forgotten. */
void stream_forget(PqTransaction *t, uint32_t validator, uint64_t incarnation);
/* Those without news for 48 h are. */
void streams_prune(PqTransaction *t);

extern const PqStatement *const streams_statements[];
