/* Whom to call when, for as many as there are websites: a timing wheel (Varghese and Lauck, 1987)
 * of slots of 25 milliseconds, and one timer of the loop for the next that is not empty. Setting
 * costs the same however many there are, and those due at nearly the same time wake the loop once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"

#define AGENDA_GRAIN   (25 * USEC_PER_MSEC)
#define AGENDA_HORIZON (1023 * AGENDA_GRAIN)
#define AGENDA_TURN    1024u /* calls at most in one turn of the loop: then it is others' */

typedef struct Agenda Agenda;

/* Lies in what is to be called; all zeros: not on the agenda. */
typedef struct AgendaItem {
        uint64_t slot;
        uint32_t at; /* its place among those of the slot */
} AgendaItem;

typedef struct AgendaOps {
        /* The item is no longer on the agenda then, and may be put there again, or freed. */
        void (*call)(AgendaItem *item, void *userdata);
        /* Calls of one time are many, and far from each other: step by step, each for several items
         * before the next, this fetches the memory that they will look at. NULL: nothing is. */
        void (*fetch)(AgendaItem *item, unsigned step);
        unsigned fetch_steps;
        /* Asked before every few calls: true puts them off, and all behind them, for a moment.
         * NULL: never. */
        bool (*must_wait)(void *userdata);
} AgendaOps;

/* ops is borrowed. */
int agenda_new(Agenda **ret, uv_loop_t *loop, const AgendaOps *ops, void *userdata);
/* Items are the caller's. */
Agenda *agenda_free(Agenda *a);
DEFINE_FREEP(Agenda, agenda_free);
/* Calls after that time, and up to AGENDA_GRAIN later, or later still where too many are due; in
 * AGENDA_HORIZON if that is sooner: then the caller looks again. What was set before is replaced.
 * -ENOMEM: it is not on the agenda. */
int agenda_put(Agenda *a, AgendaItem *item, usec_t delay);
/* Of an item that is not there nothing becomes. */
void agenda_remove(Agenda *a, AgendaItem *item);
