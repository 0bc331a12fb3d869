/* The rows that every batch brings, kept until their group is sent: each kind then is one
 * statement, however many batches came. */
#pragma once

#include "base/macro.h"
#include "store/batches.h"
#include "store/streams.h"
#include "store/ticks.h"

typedef struct Gather Gather;

int gather_new(Gather **ret);
Gather *gather_free(Gather *g);
DEFINE_FREEP(Gather, gather_free);

/* All are copied, a batch with its frame and codes. 0, -ENOMEM. */
int gather_tick(Gather *g, const TickRow *row);
int gather_batch(Gather *g, const BatchRow *row);
int gather_move(Gather *g, const StreamMove *move);
size_t gather_ticks(const Gather *g);
/* Adds what is kept to the transaction, positions of streams first, and forgets it. */
void gather_put(Gather *g, PqTransaction *t);
