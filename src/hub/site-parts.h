/* The inside of a Site, shared by site.c and its parts, and by nobody else:
 * site-setup.c (construction, configuration, what the database remembers), site-staff.c (epochs,
 * who sits where), site-judge.c (verdict, incident), site-panel.c (regional panels), site-window.c
 * (maintenance). */
#pragma once

#include "hub/incident.h"
#include "hub/panel.h"
#include "hub/round.h"
#include "hub/seats.h"
#include "hub/site.h"

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
        SiteLack lack;
        SiteTimers timers;
        SiteConf conf;
        /* All else. */
        Standing standing;
        const uint8_t *hub_secret; /* borrowed */
        const Roster *roster;      /* borrowed */
        SiteEffects effects;
        void *userdata;
        Epoch epoch;
        Committee committee;
        Round *round;
        SitePanels *panels; /* NULL: there is nothing to know of any */
        Incident incident;
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

static inline void site_ask(Site *s, SiteProbe probe) {
        if (s->effects.probe)
                s->effects.probe(&probe, s->userdata);
}

/* site-staff.c */
/* Every holder is probed as if it had just come: what it said was about something else. */
void site_start_afresh(Site *s, usec_t now);
CommitteeRule site_rule(const Site *s, const uint8_t *secret);
void site_staff(Site *s, usec_t now);
/* The committee is smaller than configured, or a seat wants another holder. */
bool site_has_room(const Site *s, usec_t now);
/* Who is not admitted any more leaves. */
void site_review(Site *s);
/* The same when anything may have become known of anybody: if the committee is not what the rules
 * ask for then, an epoch opens. */
void site_review_all(Site *s, usec_t now);
/* The same when the rules are others: if they admit enough for another number of seats. */
void site_review_rules(Site *s, usec_t now);
/* Nobody holds the seat any more. */
void site_release(Site *s, uint8_t seat);
/* Nor any other: it is not looked at any more. */
void site_dismiss(Site *s);
void site_seat_spare(Site *s, uint8_t seat, uint32_t validator, usec_t now);
void site_release_spares(Site *s);
/* Members that have not voted since they took their seat, while they are waited for. */
uint64_t site_joining(const Site *s, usec_t now);

/* site-judge.c */
/* As others are told. */
VerdictState site_told(const Site *s);
typedef enum JudgeMoment {
        JUDGE_TIME,  /* time has passed */
        JUDGE_VOTE,  /* a vote was counted */
        JUDGE_ROUND, /* a round is about to close */
} JudgeMoment;
/* What is under way could still change the verdict. */
bool site_is_held(const Site *s, JudgeMoment moment, usec_t now);
Tally site_tally(const Site *s, usec_t now);
RoundView site_view_round(const Site *s, usec_t now);
void site_judge(Site *s, JudgeMoment moment, usec_t now);
typedef struct Telling {
        usec_t since, evidence; /* of what is told; when it was first seen */
} Telling;
void site_tell(Site *s, VerdictState previous, const Telling *t, usec_t now);
void site_track_incident(Site *s, usec_t now);
/* When the next call of a website has to have come; USEC_INFINITY: it never called, or failed. */
usec_t site_call_due(const Site *s);
void site_tell_away(Site *s, usec_t heartbeat, usec_t now);

/* site-window.c: what a window changes when it begins and when it has ended; when that is next */
void site_enter_window(Site *s, usec_t now);
void site_leave_window(Site *s, usec_t now);
usec_t site_window_edge(const Site *s, usec_t now);
