/* What waits for an answer of the bus holds messages, and these hold the connection: bus_free()
 * must know them to let go. */
#pragma once

#include "event/bus.h"

typedef struct BusPending BusPending; /* embedded first in what waits */

struct BusPending {
        BusPending *next, **link;
        void (*drop)(BusPending *p); /* frees it; called by bus_free() */
};

void bus_pending_add(Bus *b, BusPending *p, void (*drop)(BusPending *p));
void bus_pending_remove(BusPending *p);
