/* What the database knows of a website's machine that ran before: plain data. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "hub/committee.h"
#include "hub/incident.h"
#include "hub/verdict.h"
#include "hub/votes.h"

typedef struct SiteHeld {
        uint8_t seat;
        uint32_t validator;
        Vote vote; /* its newest stored voting tick; MISSING: none */
} SiteHeld;

/* A place on a regional panel of n. */
typedef struct SitePanelHeld {
        SiteHeld held;
        uint8_t n;
} SitePanelHeld;

/* What the database knows of a running site. */
typedef struct SiteRestore {
        uint64_t epoch; /* number; 0: none */
        usec_t starts, ends;
        CommitteePast committee;
        const SiteHeld *seats; /* current orders of type SEAT_MEMBER */
        size_t n_seats;
        const SitePanelHeld *panel; /* current orders of type SEAT_PANEL */
        size_t n_panel;
        VerdictState state;
        VerdictCause cause;
        bool regions_told; /* the verdict names some */
        Assurance assurance;
        usec_t since, first_evidence;
        const uint8_t *eligible_root; /* 32 bytes, as stored */
        bool outdated;    /* interval, timeout, seats or target are not those of the orders */
        usec_t heartbeat; /* when a hub was last judging; 0: never */
        bool incident_open, certificate_open;
        IncidentSeverity severity; /* of the open one; NONE: as DOWN */
        double flap_score;         /* at `since` */
        usec_t flapping_until;     /* 0 or USEC_INFINITY: it does not flap */
} SiteRestore;
