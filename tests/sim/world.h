/* A seeded world around one website's machine: the hub's own modules from the arrival of a tick on,
 * validators with delays, losses and lies, a website that goes up and down, a virtual clock, and
 * what the database would remember. It checks nothing; referee.c does. */
#pragma once

#include "hub/site.h"
#include "scenario.h"

typedef struct World World;

typedef enum WorldMoment {
        WORLD_TURNED,  /* the website went down or came back */
        WORLD_SLOWED,  /* it became slow, or fast */
        WORLD_REGION,  /* it went down in the first region, or came back there */
        WORLD_CHANGED, /* it is configured anew */
        WORLD_FLAPS,   /* one incident stays open instead of one per change */
        WORLD_FLAPS_NOT,
        WORLD_TROUBLED,  /* trouble begins */
        WORLD_HEALED,    /* it is over */
        WORLD_DIED,      /* the hub is gone */
        WORLD_RESTARTED, /* it is back; what of it the database has counts */
        WORLD_ALARM,     /* asked for by world_alarm() */
        WORLD_VOTED,     /* somebody voted, or was asked to */
} WorldMoment;

typedef struct WorldWatch {
        void (*verdict)(const SiteVerdict *v, usec_t now, void *userdata);
        void (*incident)(const SiteIncident *i, usec_t now, void *userdata);
        void (*moment)(WorldMoment m, const char *what, usec_t now, void *userdata);
        void *userdata;
} WorldWatch;

typedef struct WorldCounts {
        uint64_t scheduled, confirms, refreshes, joins, votes, epochs, restarts;
        uint64_t panel;              /* scheduled ones of panels */
        usec_t last_slot, least_gap; /* between two scheduled checks; 0: there were none */
} WorldCounts;

int world_new(World **ret, const Scenario *scenario, const WorldWatch *watch);
World *world_free(World *w);
DEFINE_FREEP(World, world_free);

/* Runs to the scenario's end. -ELOOP: the machine asked to be called without end at one moment. */
int world_run(World *w);
void world_alarm(World *w, usec_t at);
usec_t world_now(const World *w);

/* Was the website up (or not), slow (or not) at some moment in [from, to]? */
bool world_was_up(const World *w, bool up, usec_t from, usec_t to);
bool world_was_slow(const World *w, bool slow, usec_t from, usec_t to);
/* Was it so for this validator? */
bool world_saw(const World *w, uint32_t validator, bool up, usec_t from, usec_t to);
/* Was it down in the first region, or everywhere? */
bool world_was_down_somewhere(const World *w, usec_t from, usec_t to);
bool world_is_down_somewhere(const World *w);
/* Honest members of the first region that have a seat. */
unsigned world_region_seats(const World *w);
uint32_t world_region(const World *w, uint32_t validator);
bool world_is_up(const World *w);
bool world_is_slow(const World *w);
/* Who said it, if it is the newest of somebody's: a spare's vote is in the seat of another. */
uint32_t world_author(const World *w, const Vote *vote);
bool world_is_honest(const World *w, uint32_t validator);
/* What the hub has to judge by, as it is configured now. */
const SiteConf *world_conf(const World *w);
const WorldCounts *world_counts(const World *w);
void world_count_anew(World *w);
/* As the database has it: what a hub that starts now would begin with. */
VerdictState world_stored_state(const World *w);
usec_t world_stored_since(const World *w);
bool world_stored_incident(const World *w);
