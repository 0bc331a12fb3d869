/* What becomes of a tick: its disposition, and whether it votes. Rules: WIRE, section 5. Touches
 * only the order's identities. */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "hub/orderbook.h"
#include "hub/votes.h"
#include "store/ticks.h"
#include "wire/batch.h"
#include "wire/receipt.h"

typedef struct DisposeTime {
        usec_t now;    /* hub time of arrival */
        bool unsynced; /* of its batch */
} DisposeTime;

/* o: the order it names, NULL: unknown. Marks the identity of what will be stored. */
Disposition dispose_tick(WorkOrder *o, uint32_t validator, const Tick *tick,
                         const DisposeTime *when, bool *ret_votes);
Vote dispose_vote(const Tick *tick, usec_t arrived);
/* Identities that are stored: ticks that have them become duplicates. */
void dispose_mark_stored(OrderBook *book, const TickIdentity *rows, size_t n);
