/* What a website's machine asks its caller to do: seats, probes, epochs, verdicts, incidents. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "hub/committee.h"
#include "hub/epoch.h"
#include "hub/panel.h"
#include "hub/site-incident.h"
#include "hub/verdict.h"
#include "hub/votes.h"

typedef enum SeatType {
        SEAT_MEMBER = 1, /* as an order's type */
        /* stands in for a silent member until the round ends; never scheduled, only probed */
        SEAT_SPARE = 2,
        SEAT_PANEL = 3, /* of a regional panel, n being the panel's; found by its validator */
} SeatType;

typedef struct SiteSeat {
        uint8_t seat, n;
        SeatType type;
        uint32_t validator;
        usec_t start; /* slot 0, stagger included */
        /* a member that stays keeps the order of an earlier epoch: it is not assigned again */
        const Epoch *epoch;
} SiteSeat;

typedef enum ProbeReason {
        PROBE_CONFIRM, /* another seat's vote differs from the verdict */
        PROBE_REFRESH, /* its scheduled vote is overdue */
        PROBE_JOIN,    /* it has just taken the seat */
        _PROBE_MAX,
} ProbeReason;

const char *probe_reason_name(ProbeReason r);

typedef struct SiteProbe {
        uint8_t seat;
        SeatType type;
        uint32_t validator;
        ProbeReason reason;
        /* an answer later than this is a vote, but the round no longer waits for it */
        usec_t deadline;
} SiteProbe;

/* How a seat stands: what the verdict page shows. validator 0: empty. */
typedef struct SiteSeatView {
        uint8_t seat;
        uint32_t validator;
        usec_t away_since;   /* 0: connected */
        VoteOutcome outcome; /* as it counts now */
        Vote vote;           /* the last one, fresh or not; MISSING: none */
} SiteSeatView;

typedef struct SiteVerdict {
        VerdictState state, previous;
        Assurance assurance;
        VerdictCause cause;
        uint8_t n, f, q;
        uint8_t error_class; /* the commonest among down votes; 0: none */
        uint8_t family;      /* it is down over this family of addresses only: 4, 6; 0: not so */
        usec_t since;        /* of decision; the heartbeat for CAUSE_HUB_AWAY */
        usec_t first_evidence;
        double flap_score;         /* flap.h, at `since` */
        usec_t flapping_until;     /* USEC_INFINITY: it does not flap */
        const SiteSeatView *seats; /* n of them */
        const SiteRegion *regions;
        uint8_t n_regions;
} SiteVerdict;

/* What the eligible ones are too few for. */
typedef enum SiteLack {
        LACK_NOTHING,
        LACK_DIFFERENT, /* the minima cannot be met, and do not hold */
        LACK_ANYBODY,   /* nobody may check it */
} SiteLack;

typedef struct SiteEffects {
        /* May an epoch begin, chosen from so many? Else it is asked again soon. NULL: always. */
        bool (*may_open)(size_t candidates, void *userdata);
        /* eligible: the validators the choice is made from, in rendezvous order */
        void (*epoch_opened)(const Epoch *e, const uint32_t *eligible, size_t n, void *userdata);
        /* replaces the seat's former order of this type */
        void (*seat_assigned)(const SiteSeat *s, void *userdata);
        void (*seat_removed)(const SiteSeat *s, void *userdata);
        void (*probe)(const SiteProbe *p, void *userdata);
        void (*verdict_changed)(const SiteVerdict *v, void *userdata); /* state or assurance */
        void (*incident_changed)(const SiteIncident *i, void *userdata);
        void (*flapping_changed)(const SiteFlapping *f, void *userdata);
        bool (*admits)(const Candidate *c, void *userdata); /* tag rules; NULL: all */
        void (*lack_changed)(SiteLack lack, void *userdata);
} SiteEffects;
