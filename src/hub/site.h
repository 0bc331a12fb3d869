/* One website's machine: who sits where, what they say, what follows. Pure: time comes in, effects
 * go out through callbacks.
 *
 * The caller keeps one Roster for all sites, sorted by validator. It changes the roster first and
 * tells the sites then. Effects are called from within site_*() and must not call back into a site;
 * their arguments live until they return. `now` is hub time, us since 1970, and must not run
 * backwards. Order ids, nonces and signatures are the caller's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/macro.h"
#include "base/time.h"
#include "hub/committee.h"
#include "hub/effects.h"
#include "hub/site-restore.h"
#include "hub/verdict.h"
#include "hub/votes.h"
#include "hub/window.h"

typedef struct Site Site;

typedef struct SiteConf {
        usec_t interval, timeout; /* timeout <= interval / 2 */
        uint8_t seats;            /* configured, 1..SEATS_MAX */
        bool push;                /* nobody looks at it: it calls at least once an interval */
        Uuid id;
        usec_t slow; /* slower than this is DEGRADED; 0: nothing is */
        /* identifies what is checked; when it changes, old votes are dropped */
        uint64_t target;
        /* judgements in a row before an incident opens or closes; 0 means 1 */
        uint32_t confirm_down, confirm_up;
        /* and how long it has to have lasted, incident.h */
        usec_t confirm_down_time, confirm_up_time;
        unsigned flap_begins;      /* flap.h; 0: it never flaps */
        uint16_t certificate_days; /* one that ends within so many is an incident; 0: none is */
        Minima minima;             /* how many different ones there have to be in the committee */
} SiteConf;

/* hub_secret (32 bytes) is borrowed; roster is borrowed and read in every call. Nothing happens
 * before site_start(). */
int site_new(Site **ret, const SiteConf *conf, const uint8_t *hub_secret, const Roster *roster);
Site *site_free(Site *s);
DEFINE_FREEP(Site, site_free);
/* effects are borrowed: one table serves all sites. */
void site_set_effects(Site *s, const SiteEffects *effects, void *userdata);

/* Before site_start(), after site_set_effects(). 0: everything. 1: its epoch cannot be continued,
 * as no such seats or verdict can have been: standing and incident are kept, seats are given anew
 * in an epoch of the next number, and the caller ends its orders. -ENOMEM: as 1. */
int site_restore(Site *s, const SiteRestore *r, usec_t now);
/* From here on effects come. After an absence longer than a vote lasts the verdict is UNKNOWN,
 * hub_away, from the heartbeat on; after a shorter one it stands and the members get time to
 * return. */
void site_start(Site *s, usec_t now);

/* Events. Unknown validators and votes of validators without a seat are ignored. */
void site_tick(Site *s, usec_t now);
/* approved, suspended, reassigned, or the array moved */
void site_roster_changed(Site *s, usec_t now);
/* 1; 0: it has no seat here and none is free, so nothing changed. */
int site_connected(Site *s, uint32_t validator, usec_t now);
int site_disconnected(Site *s, uint32_t validator, usec_t now);
/* Others than those with a seat here came or went. 1: somebody is wanted, so its next call is due
 * now; 0. */
int site_others_changed(Site *s, usec_t now);
/* For many votes or calls at once: step by step, each for all of them before the next, this fetches
 * the memory that site_vote() for this seat, or site_tick() for every seat, will look at. */
#define SITE_FETCH_STEPS 2u
#define SITE_EVERY_SEAT  UINT8_MAX
void site_fetch(const Site *s, unsigned step, uint8_t seat);

typedef struct SiteVoter {
        uint32_t validator;
        uint8_t seat; /* where it probably sits; it votes wherever it does */
        bool panel;   /* by its order of type SEAT_PANEL: that is heard by its panel alone */
} SiteVoter;

/* 1: counted. 0: no seat, not newer than the seat's vote, or begun before the evidence of a verdict
 * it contradicts. The caller has checked that the tick may vote at all. */
int site_vote(Site *s, SiteVoter voter, const Vote *vote, usec_t now);
void site_suspect(Site *s, uint32_t validator, usec_t now);

typedef struct SiteCall {
        uint64_t number; /* rising; one that is not is known already */
        usec_t seen;     /* in hub time */
        bool ok;         /* false: it called to say that it failed */
} SiteCall;

/* It called: of conf.push only. Before site_start() it is what the database knows. */
void site_heartbeat(Site *s, const SiteCall *call, usec_t now);
/* When people work at it; also before site_start(). */
void site_maintain(Site *s, SiteWindow window, usec_t now);
SiteWindow site_window(const Site *s);

/* What `admits` says may have changed, too: who is refused gives its seat up, and as long as others
 * take it the epoch goes on. If anything else is asked for all orders are issued anew, in a new
 * one; id must be the same. -EINVAL: nothing changed. */
int site_reconfigure(Site *s, const SiteConf *conf, usec_t now);

/* When site_tick() must be called next; USEC_INFINITY: not before another event. */
usec_t site_next(const Site *s);
VerdictState site_state(const Site *s);
Assurance site_assurance(const Site *s);
/* Fills at most SEATS_MAX; the number of seats n. */
size_t site_view(const Site *s, usec_t now, SiteSeatView *ret);
