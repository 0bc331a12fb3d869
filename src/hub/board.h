/* All websites: owns each one's machine (site.h), wakes it in time, and turns what it decides into
 * work and rows. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "hub/assign.h"
#include "hub/calendar.h"
#include "hub/record.h"
#include "hub/website.h"
#include "store/heartbeats.h"
#include "store/websites.h"

typedef struct Board Board;

typedef struct BoardOptions {
        const HubClock *clock;     /* borrowed, as all here */
        const uint8_t *hub_secret; /* 32 bytes */
        unsigned flap_begins;      /* of all websites, flap.h */
        Registry *registry;
        OrderBook *book;
        Assigner *assigner;
        Recorder recorder;
} BoardOptions;

int board_new(Board **ret, uv_loop_t *loop, const BoardOptions *options);
/* The loop must run on until the timers are closed. */
Board *board_free(Board *b);
DEFINE_FREEP(Board, board_free);

/* Adds, changes or removes by row->id. Before board_start() nothing is decided. -EINVAL: the row
 * cannot be checked (logged). */
int board_put(Board *b, const WebsiteRow *row);
Website *board_find(const Board *b, uint32_t id);
size_t board_count(const Board *b);
uint64_t board_revision(const Board *b); /* the highest seen */
/* Counts by VerdictState. */
void board_states(const Board *b, unsigned ret[static _VERDICT_MAX]);

/* Something is watched, and nothing of it is known. */
bool board_is_blind(const Board *b);
size_t board_incidents(const Board *b);   /* open ones */
uint64_t board_postponed(const Board *b); /* times an epoch had to wait for others */
uint64_t board_unlogged(const Board *b);  /* verdicts and incidents that were not logged */

/* What the database knows of a website, before board_start(). */
int board_restore(Board *b, Website *w, const SiteRestore *restore);
void board_start(Board *b);
/* Websites are called no more, nor told who comes and goes. */
void board_halt(Board *b);

/* For many votes at once: step by step, each for all of them before the next, this fetches the
 * memory that board_vote() will look at. */
#define BOARD_FETCH_STEPS (1 + SITE_FETCH_STEPS)
void board_fetch(Website *w, unsigned step, uint8_t seat);
/* 1: counted. */
int board_vote(Website *w, SiteVoter voter, const Vote *vote, usec_t now);
/* A website called; also before board_start(). */
void board_heartbeat(Board *b, const HeartbeatRow *row);
uint64_t board_heartbeats(const Board *b); /* the highest revision of one */
/* When people work at websites: takes the calendar. Also before board_start(). */
void board_put_calendar(Board *b, Calendar *calendar);
void board_suspect(Website *w, uint32_t validator, usec_t now);
/* The registry has changed already. Websites that it checks are told at once; those that want
 * somebody look within BOARD_LOOK_AROUND, once for all who came or went. */
#define BOARD_LOOK_AROUND (250 * USEC_PER_MSEC)
void board_connected(Board *b, uint32_t validator);
void board_disconnected(Board *b, uint32_t validator);
void board_roster_changed(Board *b);
