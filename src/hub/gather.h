/* The rows that come in numbers, kept until their group is sent: each kind then is one statement,
 * however many batches and orders there were. */
#pragma once

#include "base/macro.h"
#include "store/batches.h"
#include "store/orders.h"
#include "store/streams.h"
#include "store/ticks.h"

typedef struct Gather Gather;

int gather_new(Gather **ret);
Gather *gather_free(Gather *g);
DEFINE_FREEP(Gather, gather_free);

/* Counts a tick of this validator; the ticks themselves are hub/pages'. 0, -ENOMEM. */
int gather_tick(Gather *g, uint32_t validator);
/* All are copied with what they point to. 0, -ENOMEM. */
int gather_batch(Gather *g, const BatchRow *row);
int gather_move(Gather *g, const StreamMove *move);
int gather_order(Gather *g, const OrderRow *row);
int gather_order_end(Gather *g, const OrderEnd *row);
int gather_order_proof(Gather *g, const OrderProof *row);
int gather_order_probes(Gather *g, const OrderProbes *row);
size_t gather_ticks(const Gather *g);
size_t gather_orders(const Gather *g);
/* Adds what is kept to the transaction, orders before what is said of them, positions of streams
 * before batches, and forgets it. */
void gather_put(Gather *g, PqTransaction *t);
