/* Ticks as they are given to be stored, and counted. What is stored already: store/identities.h;
 * what is read for votes: store/recent.h; how they are written: store/pages.h. */
#pragma once

#include "base/id.h"
#include "store/store.h"
#include "wire/tick.h"

typedef struct TickRow {
        uint32_t website, validator;
        uint64_t order; /* database id; tick.order is not stored here */
        uint64_t batch;
        bool late; /* arrived too late to vote */
        Tick tick;
} TickRow;

typedef struct TickCount {
        uint32_t validator, n;
} TickCount;

/* That these came now. A validator may be there more than once; n may be 0. */
void ticks_count(PqTransaction *t, const TickCount *counts, size_t n);

extern const PqStatement *const ticks_statements[];
