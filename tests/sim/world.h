/* A seeded world around one website's machine: validators with delays, losses and lies, a website
 * that goes up and down, a virtual clock, and what the database would remember. It checks nothing;
 * sim-site.c does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/site.h"

#define WORLD_VALIDATORS 16

typedef enum Role {
        ROLE_HONEST,
        ROLE_ALWAYS_UP,
        ROLE_ALWAYS_DOWN,
        ROLE_FLIPPING,
        ROLE_SILENT, /* connected, never answers */
} Role;

typedef enum Disturbance {
        DISTURB_NOTHING,
        DISTURB_LOSS,    /* votes of honest members get lost */
        DISTURB_CHURN,   /* one honest member at a time goes away for a while */
        DISTURB_RESTART, /* the hub restarts */
        _DISTURB_MAX,
} Disturbance;

/* One seed's circumstances. */
typedef struct Scenario {
        uint64_t seed;
        uint8_t validators, seats, faulty;
        Role role; /* of the faulty */
        Disturbance disturbance;
        bool hanging; /* outages hang until the timeout instead of refusing */
        usec_t interval, timeout, length;
} Scenario;

typedef struct World World;

typedef struct WorldWatch {
        void (*verdict)(const SiteVerdict *v, usec_t now, void *userdata);
        void (*incident)(const SiteIncident *i, usec_t now, void *userdata);
        void (*truth)(bool up, usec_t now, void *userdata);
        void (*alarm)(usec_t now, void *userdata); /* as asked for by world_alarm() */
        void *userdata;
} WorldWatch;

typedef struct WorldCounts {
        uint64_t scheduled, confirms, refreshes, joins, votes;
} WorldCounts;

int world_new(World **ret, const Scenario *scenario, const WorldWatch *watch);
World *world_free(World *w);
DEFINE_FREEP(World, world_free);

/* Runs to the scenario's end. -ELOOP: the machine asked to be called without end at one moment. */
int world_run(World *w);
void world_alarm(World *w, usec_t at);
/* Next number of the seed's own sequence, below limit. */
uint64_t world_random(World *w, uint64_t limit);
/* Was the website down at some moment in [from, to]? */
bool world_was_down(const World *w, usec_t from, usec_t to);
bool world_was_up(const World *w, usec_t from, usec_t to);
usec_t world_now(const World *w);
usec_t world_restarted(const World *w); /* the last time; 0: never */
const WorldCounts *world_counts(const World *w);
