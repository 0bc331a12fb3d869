/* How far a server of the database is: its own write-ahead log, and the hub's commits in it. */
#pragma once

#include "store/store.h"

typedef struct Position {
        uint64_t lsn; /* written by a primary, replayed by a replica */
        uint64_t commit_no;
} Position;

typedef void (*PositionRows)(int r, const Position *rows, size_t n, void *userdata);

/* One row. On a primary all that committed before it was asked is at or before this place; on a
 * replica all up to it is seen by whatever is read after it. */
int position_load(Store *s, PositionRows callback, void *userdata, StoreCall **ret);

extern const PqStatement *const positions_statements[];
