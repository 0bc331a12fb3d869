/* Group commit: rows of many modules are collected into one transaction, one is under way at a
 * time, and the next collects while it is. A failed commit is the end of this writer: what was in
 * memory is ahead of the database, and all is read again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/macro.h"
#include "hub/clock.h"
#include "store/batches.h"
#include "store/orders.h"
#include "store/store.h"
#include "store/streams.h"
#include "store/ticks.h"

typedef struct Writer Writer;

typedef struct WriterOps {
        /* Durable. Called in the order of numbers. */
        void (*committed)(uint64_t commit_no, usec_t time, void *userdata);
        /* Nothing more will be committed; free the writer, but not inside this call. -ETIME: the
         * hub stood still, and what it would write now was decided as if it had not. */
        void (*failed)(int r, const char *error, void *userdata);
        void *userdata;
} WriterOps;

typedef struct WriterOptions {
        Store *store;          /* borrowed, STORE_READY */
        const HubClock *clock; /* borrowed */
        uint64_t commit_no;    /* the last one of the database */
        WriterOps ops;
} WriterOptions;

/* A hub that has not beaten for so long was suspended, with its machine or alone. Less than any
 * vote lasts: no verdict of before has been overtaken by time alone. */
#define WRITER_STANDSTILL (15 * USEC_PER_SEC)
/* A group waits so long for company, then goes as soon as none is under way. */
#define WRITER_COMPANY (2 * USEC_PER_MSEC)
/* Ticks wait for more of them, as a commit costs as much as a hundred: so long, ... */
#define WRITER_PATIENCE (50 * USEC_PER_MSEC)
/* ... or, when so many have come by then, so long in all, or until there are enough. */
#define WRITER_MANY          50u
#define WRITER_PATIENCE_MANY (200 * USEC_PER_MSEC)
#define WRITER_ENOUGH        5000u
#define WRITER_ORDERS_ENOUGH 1000u /* each costs as much as ten ticks */
/* Collected and not committed: above, no epoch begins but those of changed websites. */
#define WRITER_ORDERS_MAX (2 * WRITER_ORDERS_ENOUGH)
/* Statements of their own, collected and not committed, as each decision has a few: above, who can
 * wait decides nothing more, ... */
#define WRITER_STATEMENTS_ENOUGH 10000u
/* ... and above this, batches are not taken in. */
#define WRITER_STATEMENTS_MAX 100000u
/* Collected and not committed: above, batches are not taken in. */
#define WRITER_TICKS_MAX   100000u
#define WRITER_FETCH_STEPS 3u /* of writer_fetch() */

int writer_new(Writer **ret, uv_loop_t *loop, const WriterOptions *options);
Writer *writer_free(Writer *w);
DEFINE_FREEP(Writer, writer_free);

/* The group being collected: append rows at once, do not keep it. Opens one when there is none;
 * never NULL unless out of memory, and then the group fails as a whole. */
PqTransaction *writer_group(Writer *w);
/* The same for rows that nobody waits for: they go with the next ticks, or as those would. */
PqTransaction *writer_group_unhurried(Writer *w);
/* Every few seconds, from when the hub judges: a commit is a heartbeat. */
void writer_beat(Writer *w);
/* The number that the group being collected will have. */
uint64_t writer_commit_no(const Writer *w);
/* The last number that is durable. */
uint64_t writer_committed(const Writer *w);
/* When that was, by the clock of now_boottime(); 0: it was another writer's. */
usec_t writer_committed_at(const Writer *w);
/* Ordinal for the next event row of this group. */
uint32_t writer_take_ordinal(Writer *w);
/* Before the ticks of a batch: says once for all of them that their group is to go in time, and
 * that they came `now`. */
void writer_expect_ticks(Writer *w, usec_t now);
/* Where ticks of this website will go is fetched, a step after the other for all of a batch. */
void writer_fetch(const Writer *w, uint32_t website, unsigned step);
/* Its batch is added to the same group, and makes it durable. It goes to a page when there are
 * enough others, see hub/pages.h. */
void writer_add_tick(Writer *w, const TickRow *row);
/* What nobody waits for. Copied; written at the group's end, in one statement with the others of
 * its kind. */
void writer_add_batch(Writer *w, const BatchRow *row);
void writer_add_move(Writer *w, const StreamMove *move);
void writer_add_order(Writer *w, const OrderRow *row);
void writer_end_order(Writer *w, const OrderEnd *row);
void writer_prove_order(Writer *w, const OrderProof *row);
/* A probe waits for it. */
void writer_reserve_probes(Writer *w, const OrderProbes *row);
bool writer_is_full(const Writer *w);
/* For who can wait until a commit, or for a moment. */
bool writer_has_room(const Writer *w);
bool writer_takes_orders(const Writer *w);
/* Nothing collected, nothing under way, or failed. */
bool writer_is_idle(const Writer *w);
/* Sends without waiting for company. */
void writer_flush(Writer *w);
/* At a graceful stop: the same, and no tick waits for a page any more. */
void writer_finish(Writer *w);
/* The ticks of this website go to their pages with the next commit. */
void writer_hurry_ticks(Writer *w, uint32_t website);
/* Ticks that came before this moment are on pages that are durable. */
usec_t writer_paged(const Writer *w);
