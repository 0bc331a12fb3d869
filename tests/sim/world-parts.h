/* The inside of a World, shared by world.c and its parts, and by nobody else: desk.c (the hub and
 * its database), crowd.c (the validators), trouble.c (what goes wrong). */
#pragma once

#include "events.h"
#include "hub/orderbook.h"
#include "hub/panel.h"
#include "target.h"
#include "world.h"

#define PANEL_PLACES (2 * PANEL_SEATS) /* found by the validator */
/* of a member's and a spare's order for each seat, and those of panels */
#define PLACES (2 * WORLD_VALIDATORS + PANEL_PLACES)
#define SPOOL  256 /* ticks that a validator keeps */

/* What the database remembers of an order. */
typedef struct Place {
        uint64_t row; /* 0: there is none */
        Order order;
        uint32_t validator;
        uint32_t probes; /* numbers that may have been issued */
        bool sent;
} Place;

typedef struct Memory {
        Epoch epoch;
        uint32_t eligible[WORLD_VALIDATORS];
        size_t n_eligible;
        Place places[PLACES];
        Vote votes[WORLD_VALIDATORS]; /* the newest of each that may vote */
        VerdictState state;
        VerdictCause cause;
        Assurance assurance;
        bool regions_told;
        usec_t since, first_evidence, heartbeat;
        SiteConf conf;             /* of the orders */
        IncidentSeverity severity; /* of the open incident */
        bool incident;
        double flap_score;
        usec_t flapping_until;
} Memory;

/* The hub: what it has decided, and what of it is stored. */
typedef struct Desk {
        Site *site; /* NULL: no hub runs */
        OrderBook *book;
        uint8_t secret[32];
        Candidate candidates[WORLD_VALIDATORS];
        Roster roster;
        SiteConf conf;
        Memory decided, stored;
        Vote spoken[WORLD_VALIDATORS]; /* the newest of each for a seat */
        uint64_t row;
        bool commit_due;
        uint32_t lives; /* counts hubs: what an earlier one put is void */
} Desk;

typedef struct Job {
        uint64_t row; /* of its order; 0: none */
        Order order;
        int64_t highest;
        uint32_t probe; /* highest number answered */
} Job;

typedef enum KeptState {
        KEPT_WAITING,
        KEPT_SENT,
        KEPT_ARRIVED, /* and not acknowledged */
} KeptState;

typedef struct Kept {
        Said said;
        KeptState state;
} Kept;

typedef struct Node {
        Role role;
        usec_t delay;
        int64_t skew;  /* its clock less the hub's */
        uint32_t line; /* counts its connections */
        bool cut;      /* nothing passes, and nobody has noticed */
        bool absent;   /* not to come back by itself */
        uint8_t turn;  /* counts what it said, of those that say this and that */
        Job jobs[4];
        Kept spool[SPOOL];
        size_t n_spool;
} Node;

struct World {
        Scenario scenario;
        WorldWatch watch;
        uint64_t random;
        usec_t now;
        Events *events;
        Desk desk;
        Node nodes[WORLD_VALIDATORS];
        Turns outages, slowness, regional;
        VerdictState told, told_before; /* what anybody may look up */
        usec_t told_at;
        WorldCounts counts;
        bool awaited; /* the next round brings trouble */
};

/* The next number of the seed's own sequence, below limit. */
uint64_t world_random(World *w, uint64_t limit);
void world_put(World *w, Event e);
void world_say(World *w, WorldMoment m, const char *what);
void world_turn(World *w); /* the website goes down, or comes back */
static inline bool world_is_connected(const World *w, uint8_t who) {
        return w->desk.candidates[who].connected_since != 0;
}

/* desk.c */
int desk_begin(World *w);
void desk_done(World *w);
void desk_arrive(World *w, uint8_t who, const Said *said);
void desk_suspect(World *w, uint8_t who, uint64_t row);
void desk_commit(World *w);
void desk_heartbeat(World *w);
void desk_connect(World *w, uint8_t who);
void desk_disconnect(World *w, uint8_t who);
void desk_reconfigure(World *w, const SiteConf *conf);
/* The hub is gone with all that is not stored; EVENT_BEGIN brings the next one. */
void desk_die(World *w);

/* crowd.c */
void crowd_populate(World *w);
/* Its connection is new: it sends what is not acknowledged. */
void crowd_joined(World *w, uint8_t who);
void crowd_told(World *w, const Event *e);
void crowd_untold(World *w, const Event *e);
void crowd_slot(World *w, const Event *e);
void crowd_probe(World *w, const Event *e);
void crowd_done(World *w, const Event *e);
void crowd_acknowledged(World *w);

/* trouble.c */
void trouble_begin(World *w);
void trouble_come(World *w, const Event *e);
void trouble_heal(World *w, const Event *e);
/* The hub has just asked so many in a round. */
void trouble_round(World *w);
