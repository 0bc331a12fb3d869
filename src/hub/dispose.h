/* What becomes of a tick: its disposition, and whether it votes. Rules: WIRE, section 5. Touches
 * only the order's identities, and of a removed one when it was used. */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "hub/orderbook.h"
#include "hub/votes.h"
#include "store/identities.h"
#include "wire/batch.h"
#include "wire/receipt.h"

#define DISPOSE_LIFE USEC_PER_DAY /* of a tick: then it is expired */

typedef struct DisposeTime {
        usec_t now;    /* hub time of arrival */
        bool unsynced; /* of its batch */
} DisposeTime;

/* Why it is refused, whatever else is stored: UNASSIGNED, FUTURE, EXPIRED; ACCEPTED: it is not.
 * o: the order it names, NULL: unknown. */
Disposition dispose_refusal(const WorkOrder *o, uint32_t validator, const Tick *tick, usec_t now);
/* o: the order it names, NULL: unknown. Marks the identity of what will be stored. */
Disposition dispose_tick(WorkOrder *o, uint32_t validator, const Tick *tick,
                         const DisposeTime *when, bool *ret_votes);
/* Took no longer, in all, than its timeout allows: else it does not vote. */
bool dispose_is_credible(const WorkOrder *o, usec_t total);
Vote dispose_vote(const Tick *tick, usec_t arrived);
/* Identities that are stored: ticks that have them become duplicates. -ENOMEM: some do not. */
int dispose_mark_stored(OrderBook *book, const TickIdentity *rows, size_t n);
