/* What of an order's past must be known before a batch is taken, and is not known to a hub that
 * began anew: which of its ticks are stored. It is asked for piece by piece, from new to old, so
 * much at a time that nobody waits for long; what was answered is known from then on. */
#pragma once

#include "hub/lookup.h"
#include "hub/orderbook.h"
#include "wire/batch.h"

#define RECALL_ORDERS_MAX 128u   /* asked for at once */
#define RECALL_TICKS_MAX  32768u /* on all pages of these together, as far as one can know */

/* The next questions that must be answered before this validator's batch is taken; how many, 0: all
 * is known. What will not be stored asks for nothing. */
size_t recall_ask(const OrderBook *book, uint32_t validator, const Batch *b, usec_t now,
                  TickQuestion ret[static RECALL_ORDERS_MAX]);
/* The answer to them. -ENOMEM: it must be asked again. */
int recall_learn(OrderBook *book, const LookupTicks *found);
