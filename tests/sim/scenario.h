/* One seed's circumstances: who sits there, who lies and how, what goes wrong. All of it follows
 * from the seed, and is told in a few words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/time.h"

#define WORLD_VALIDATORS 16
#define WORLD_REGIONS    3u /* the first is that of TROUBLE_REGION */

/* What a faulty member does. All but HONEST are no better than f of n can be. */
typedef enum Role {
        ROLE_HONEST,
        ROLE_ALWAYS_UP,
        ROLE_ALWAYS_DOWN,
        ROLE_CONTRARY,   /* the opposite of what is */
        ROLE_COPYCAT,    /* what the verdict was, late */
        ROLE_FLIPPING,   /* by turns */
        ROLE_PATIENT,    /* up until it is believed again, then down once */
        ROLE_REGION,     /* always down, and all of them, honest ones too, in one region */
        ROLE_EQUIVOCATE, /* both, under one number */
        ROLE_DATING,     /* the opposite, dated as early or as late as it may be */
        ROLE_CRYING,     /* hints at a hanging check every time, and then says up */
        ROLE_SILENT,     /* connected, never answers */
        ROLE_ABSTAINING, /* its own network is broken */
        ROLE_SKEWED,     /* honest, by a clock that is off by more than it may */
        _ROLE_MAX,
} Role;

typedef enum Trouble {
        TROUBLE_NOTHING,
        TROUBLE_LOSS,      /* 2 % of all votes and probes get lost, checks take long for once */
        TROUBLE_CHURN,     /* one honest member at a time goes away for a while */
        TROUBLE_RESTART,   /* the hub dies every now and then, for seconds or minutes */
        TROUBLE_CRASH,     /* it dies in the middle of a round */
        TROUBLE_PARTITION, /* a few honest members are cut off, and notice it late, as the hub does
                            */
        TROUBLE_BLACKOUT,  /* three quarters of the honest ones are */
        TROUBLE_CHANGES,  /* interval, timeout, seats, what is checked: in mid-slot, in mid-round */
        TROUBLE_SKEW,     /* clocks of the honest differ, by what is allowed */
        TROUBLE_SLOWNESS, /* the website is slow for a while */
        TROUBLE_BLIPS,    /* outages shorter than an interval */
        TROUBLE_LINES,    /* slow ones, up to 900 ms each way */
        TROUBLE_REGION,   /* it is down in one region, too, and up elsewhere */
        TROUBLE_GROWTH,   /* validators come one after the other, others are taken away */
        _TROUBLE_MAX,
} Trouble;

typedef struct Scenario {
        uint64_t seed;
        uint8_t validators, seats, faulty;
        Role role; /* of the faulty */
        Trouble trouble;
        bool hanging;   /* outages hang until the timeout instead of refusing */
        bool outages;   /* there are some */
        bool stumbling; /* 2 % of checks take a second more */
        unsigned loss;  /* of so many messages one gets lost; 0: none */
        usec_t interval, timeout, slow, length;
} Scenario;

/* As many faulty ones as are tolerated, or fewer, in whatever trouble. */
Scenario scenario_mixed(uint64_t seed);
/* All honest, the website up, 2 % of what is said lost. */
Scenario scenario_steady(uint64_t seed);
/* Seven seats with so many of that role, and one of so many messages lost; the website is up. */
Scenario scenario_budget(uint64_t seed, Role role, uint8_t faulty, unsigned loss);

const char *role_name(Role r);
const char *trouble_name(Trouble t);
void scenario_tell(const Scenario *s, FILE *to);
