/* The inside of a Site: its parts see it by site-internal.h. */
#pragma once

#include "hub/panel.h"
#include "hub/round.h"
#include "hub/seats.h"
#include "hub/site.h"
#include "hub/track.h"

/* The verdict as it stands. */
typedef struct Standing {
        VerdictState state; /* by the seats' votes: never DEGRADED */
        bool slow;          /* UP, and told as DEGRADED */
        bool regional;      /* not DOWN, and told as PARTIAL: it is down in a region */
        Assurance assurance;
        VerdictCause cause;
        usec_t since, first_evidence;
        usec_t evidence; /* of what is told */
} Standing;

/* When something is due; USEC_INFINITY: not. */
typedef struct SiteTimers {
        usec_t next;  /* not after the earliest of all, and of the votes' ends */
        usec_t rest;  /* the same without what votes put off; set when all has been looked at */
        usec_t epoch; /* the next one opens */
        usec_t fill;  /* seats are looked at */
        usec_t grow;  /* newcomers may widen the committee */
        usec_t round; /* the limits allow the waiting round */
        usec_t joins; /* end of the wait for new holders' first votes; 0: no wait */
        usec_t grace; /* after a restart; 0: none */
} SiteTimers;

struct Site {
        /* What every vote looks at, in two lines of the cache. */
        SeatTable *seats;
        VoteTable *votes;
        /* What a seat may say again without anything following from it before the next moment;
         * MISSING: nothing. Set when all has been looked at. */
        VoteOutcome settled;
        bool started;
        bool newcomers;  /* the roster changed: look whether the committee could grow */
        bool reissue;    /* the next epoch gives new orders to all */
        bool maintained; /* MAINTENANCE is what was told last */
        bool afresh;     /* nobody has been asked since all votes were dropped */
        SiteLack lack;
        SiteTimers timers;
        SiteConf conf;
        /* All else. */
        Standing standing;
        const uint8_t *hub_secret;  /* borrowed */
        const Roster *roster;       /* borrowed */
        const SiteEffects *effects; /* borrowed */
        void *userdata;
        Epoch epoch;
        Committee committee;
        Round *round;
        SitePanels *panels; /* NULL: there is nothing to know of any */
        Track track;
        SiteWindow window; /* of maintenance: the one that is on, or else comes next */
        usec_t heartbeat;  /* of the hub before this one; 0: none */
        SiteCall call;     /* the newest, of conf.push; seen 0: never */
        struct {
                usec_t from, until;
        } deaf; /* calls in between may have found nobody, or were not to come yet */
};

#define SITE_HOT offsetof(Site, conf.id) /* bytes that every vote looks at */

_Static_assert(SITE_HOT <= 2 * CACHE_LINE, "they are in two lines");

/* How long the hub waits for the answer to a probe. */
static inline usec_t site_deadline(const Site *s, usec_t now) {
        return now + s->conf.timeout + 2 * USEC_PER_SEC;
}

static inline usec_t site_freshness(const Site *s) {
        return vote_freshness(s->conf.interval, s->conf.timeout);
}

static inline void site_ask(const Site *s, SiteProbe probe) {
        if (s->effects->probe)
                s->effects->probe(&probe, s->userdata);
}
