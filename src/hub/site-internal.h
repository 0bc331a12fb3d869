/* What the parts of a Site do about its regional panels (site-panel.c): one more page of
 * site-parts.h. */
#pragma once

#include "hub/site-parts.h"

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
usec_t site_panels_evidence(const Site *s, usec_t now);
/* After now. */
usec_t site_panels_next(const Site *s, usec_t now);
void site_panels_restore(Site *s, const SiteRestore *r, usec_t now);
