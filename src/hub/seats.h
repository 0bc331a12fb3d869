/* Who holds which seat of one website, since when, and when each seat's slots are. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/macro.h"
#include "base/time.h"
#include "hub/committee.h"
#include "hub/votes.h"

typedef struct Seat {
        uint32_t validator; /* 0: empty */
        uint32_t spare;     /* stands in until the round ends; 0: nobody */
        usec_t away_since;  /* 0: connected */
        usec_t joined;      /* 0: has voted since it took the seat */
        usec_t refreshed;   /* start of the vote for whose overdue successor it was probed */
        uint32_t voter;     /* whose vote it is: the holder's, or that of who was a spare then */
        bool leaving;       /* not of this epoch's committee; sits until its successor comes */
} Seat;

typedef struct SeatTable SeatTable;

int seat_table_new(SeatTable **ret, uint8_t capacity);
SeatTable *seat_table_free(SeatTable *t);
DEFINE_FREEP(SeatTable, seat_table_free);

/* Room for more; the table may move. -ENOMEM: as before. */
int seat_table_reserve(SeatTable **t, uint8_t capacity);
/* Begins to fetch what a vote of this seat looks at, for when there are many. */
void seat_table_fetch(const SeatTable *t, uint8_t seat);
/* Seats at and above n must be empty. */
void seat_table_set_n(SeatTable *t, uint8_t n);
uint8_t seat_table_n(const SeatTable *t);
Seat *seat_table_at(const SeatTable *t, uint8_t seat);
/* The seat it holds as member or as spare; -ENOENT. 0 is nobody. */
int seat_table_find(const SeatTable *t, uint32_t validator);
/* The same, looking first at where it probably sits. */
int seat_table_find_near(const SeatTable *t, uint32_t validator, uint8_t seat);
/* One bit per seat that has a member. */
uint64_t seat_table_held(const SeatTable *t);
/* One bit per seat whose member is connected. */
uint64_t seat_table_present(const SeatTable *t);

/* How long a member may be away: max(30 s, T/2). */
usec_t seat_grace(usec_t interval);
/* How many seats may be in change at a time: max(1, f). */
uint8_t seat_changes_allowed(uint8_t n);

typedef struct SeatGrid {
        Uuid website;
        usec_t interval;
        uint8_t n;
} SeatGrid;

/* The first slot after now: (seat + u) T/n on a grid fixed while n and T stay, u constant per
 * website. */
usec_t seat_slot(const SeatGrid *grid, uint8_t seat, usec_t now);

/* Who might take a seat of c: connected, listed, without a seat here, allowed by the caps beside
 * those who stay. `seat` is the one to fill. 0: nobody. */
uint32_t seat_table_successor(const SeatTable *t, const Committee *c, uint8_t seat);
/* Is the seat to be filled or changed: empty, held by one who leaves or is away for too long? */
bool seat_wants_change(const Seat *s, usec_t interval, usec_t now);
/* Marks who is not among the first n present of the new epoch's order as leaving; a member away for
 * less than its grace counts as present. */
void seat_table_mark_leaving(SeatTable *t, const Committee *c, usec_t interval, usec_t now);
