/* What of an order's past must be known before a batch is taken, and is not in memory: the order
 * itself, when it was removed long ago, and which of its ticks are stored, for a hub that began
 * anew or has read it again. Ticks are asked for piece by piece, from new to old, so much at a time
 * that nobody waits for long; what was answered is known from then on. */
#pragma once

#include "hub/board.h"
#include "hub/lookup.h"
#include "hub/orderbook.h"
#include "wire/batch.h"

#define RECALL_ORDERS_MAX 128u   /* asked for at once */
#define RECALL_TICKS_MAX  32768u /* on all pages of these together, as far as one can know */

/* The orders that its ticks name and that may have been freed; how many. */
size_t recall_missing(const OrderBook *book, const Batch *b, usec_t now,
                      OrderId ret[static BATCH_TICKS_MAX]);
/* What its ticks name stays while it waits for an answer. */
void recall_hold(OrderBook *book, const Batch *b, usec_t now);
/* The answer: they are in the book again. -ENOMEM, -EBADMSG: some are not. */
int recall_orders(OrderBook *book, const Board *board, const LookupOrders *found, usec_t now);

/* The next questions that must be answered before this validator's batch is taken; how many, 0: all
 * is known. What will not be stored asks for nothing. */
size_t recall_ask(const OrderBook *book, uint32_t validator, const Batch *b, usec_t now,
                  TickQuestion ret[static RECALL_ORDERS_MAX]);
/* The answer to them. -ENOMEM: it must be asked again. */
int recall_learn(OrderBook *book, const LookupTicks *found);
