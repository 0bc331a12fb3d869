/* What the parts of a Site ask of each other; for them, and for nobody else: site-setup.c
 * (construction, configuration, what the database remembers), site-staff.c (epochs, who sits
 * where), site-judge.c (verdict), site-track.c (incidents, flapping), site-panel.c (regional
 * panels), site-window.c (maintenance). */
#pragma once

#include "hub/site-parts.h"

/* site-staff.c */
/* What was said counts no more: it was about something else, or is too old by now. With the orders
 * of the next epoch every holder is probed as if it had just come. */
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
/* The commonest among down votes; 0: none. */
uint8_t site_commonest_error(const Site *s, usec_t now);
/* When the next call of a website has to have come; USEC_INFINITY: it never called, or failed. */
usec_t site_call_due(const Site *s);
void site_tell_away(Site *s, usec_t heartbeat, usec_t now);

/* site-window.c: what a window changes when it begins and when it has ended; when that is next */
void site_enter_window(Site *s, usec_t now);
void site_leave_window(Site *s, usec_t now);
usec_t site_window_edge(const Site *s, usec_t now);

/* site-panel.c */
SitePanels *site_panels_free(SitePanels *p);
/* Begins, judges and ends them. */
void site_panels(Site *s, usec_t now);
void site_panels_end(Site *s, usec_t now);
bool site_panels_stand(const Site *s);
/* 1: counted; 0: not newer than what it said, or of no panel. */
int site_panels_vote(Site *s, uint32_t validator, const Vote *vote);
void site_panels_roster(Site *s);
/* A panel says what makes the verdict PARTIAL. */
bool site_panels_count(const Site *s);
/* Others know something else of the regions. */
bool site_panels_news(const Site *s);
/* Now they will know. How many regions. */
uint8_t site_panels_tell(Site *s, SiteRegion ret[static SITE_PANELS_MAX]);
/* Those whose panels make the verdict PARTIAL. How many. */
uint8_t site_panels_view(const Site *s, SiteRegion ret[static SITE_PANELS_MAX]);
usec_t site_panels_evidence(const Site *s, usec_t now);
/* After now. */
usec_t site_panels_next(const Site *s, usec_t now);
void site_panels_restore(Site *s, const SiteRestore *r, usec_t now);

/* site-track.c */
/* The verdict is about to change. false: not yet, it has changed too often. */
bool site_may_change(Site *s, usec_t now);
/* What is judged has changed, and is told next. */
void site_note_change(Site *s, usec_t now);
/* After each judgement; counts: a vote was counted, or the verdict changed. */
void site_track(Site *s, bool counts, usec_t now);
void site_track_certificate(Site *s, usec_t now);
/* Something else is checked from now on. */
void site_drop_certificate(Site *s, usec_t now);
usec_t site_track_next(const Site *s, usec_t now);
double site_flap_score(const Site *s, usec_t at);
usec_t site_flapping_until(const Site *s);
/* After the standing. */
void site_restore_track(Site *s, const SiteRestore *r);
