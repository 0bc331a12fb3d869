/* A regional panel: up to four validators of one region that are asked whether a website is down
 * there, judged among themselves by the verdict's rule. What they say counts in no seat. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"
#include "hub/committee.h"
#include "hub/verdict.h"
#include "hub/votes.h"

#define PANEL_SEATS 4

typedef struct Panel {
        uint32_t region;               /* assigned by the admin; 0: there is no such panel */
        uint8_t n;                     /* as it was chosen, whoever is left */
        uint32_t members[PANEL_SEATS]; /* validators by place; 0: nobody, or gone */
        VoteTable *votes;              /* by place */
        usec_t undecided;              /* since then it has not said DOWN; 0: it does */
        uint64_t complaint;            /* seats of the committee that say down there, as bits */
        Tally tally;                   /* as it was judged last */
        VerdictState said;             /* likewise */
        bool counts;                   /* it says DOWN, and that makes the verdict PARTIAL */
        bool heard;                    /* too few to count: asked once, and not again */
        bool told;                     /* others know that it says DOWN */
} Panel;

/* A region whose panel finds the website down. */
typedef struct SiteRegion {
        uint32_t region;
        uint32_t witness; /* a validator of it */
        uint8_t n, up, down;
        bool counts; /* it makes the verdict PARTIAL; else it is told only */
} SiteRegion;

/* Empty, with n places. -ENOMEM. */
int panel_init(Panel *ret, uint32_t region, uint8_t n, usec_t freshness);
void panel_done(Panel *p);

/* What makes the choice: beside c, which says who comes first and who may come at all. */
typedef struct PanelChoice {
        const uint32_t *seated; /* in the committee: they come after others */
        size_t n_seated;
        const uint32_t *complaining; /* of these, those that say down: they come last */
        size_t n_complaining;
} PanelChoice;

/* Connected validators of that region, of distinct operators. How many. */
uint8_t panel_choose(const Committee *c, uint32_t region, const PanelChoice *choice,
                     uint32_t ret[static PANEL_SEATS]);
/* The place of a member; -ENOENT. */
int panel_find(const Panel *p, uint32_t validator);
Tally panel_tally(const Panel *p, usec_t now);
/* Members that say down, as bits. */
uint64_t panel_down(const Panel *p, usec_t now);
/* The earliest beginning of that; USEC_INFINITY: nobody says so. */
usec_t panel_evidence(const Panel *p, usec_t now);

/* What one website has of them. */
#define SITE_PANELS_MAX 2 /* regions asked about at a time */
#define SITE_RESTS_MAX  4 /* regions whose panels are remembered */

/* What is left of a panel. */
typedef struct PanelRest {
        uint32_t region;  /* 0: nothing */
        usec_t until;     /* none comes before */
        uint64_t refuted; /* seats that complained for nothing, as bits */
        usec_t forgets;   /* then that is not known any more */
} PanelRest;

typedef struct SitePanels {
        Panel panels[SITE_PANELS_MAX];
        PanelRest rests[SITE_RESTS_MAX];
        usec_t retry; /* too much was under way elsewhere */
        bool retell;  /* what was told of one is no longer so */
} SitePanels;
