/* Decisions as rows: epochs, verdict spans and incidents, and the events that the API's listeners
 * read; as news for bystanders, too. Everything goes into the group that the writer is collecting.
 */
#pragma once

#include "hub/cause.h"
#include "hub/eligible.h"
#include "hub/news.h"
#include "hub/registry.h"
#include "hub/site.h"
#include "hub/website.h"
#include "hub/writer.h"

typedef struct Recorder {
        Writer *writer; /* borrowed, as all here */
        const Registry *registry;
        const HubClock *clock;
        News *news;
        EligibleStored *stored; /* of the lists of epochs */
} Recorder;

/* eligible: n, in rendezvous order. */
void record_epoch(const Recorder *r, const Website *w, const Epoch *e, const uint32_t *eligible,
                  size_t n);
void record_verdict(const Recorder *r, const Website *w, const SiteVerdict *v);
/* Opens, changes or closes the one of this kind in w->incidents. summary: why, for people. */
void record_incident(const Recorder *r, Website *w, const SiteIncident *i,
                     char summary[static CAUSE_SIZE]);
void record_flapping(const Recorder *r, const Website *w, const SiteFlapping *f);

typedef enum WebsiteChange {
        WEBSITE_ADDED,
        WEBSITE_REMOVED, /* closes span and incident, as the next */
        WEBSITE_PAUSED,
        WEBSITE_RESUMED,
        _WEBSITE_CHANGE_MAX,
} WebsiteChange;

/* Only what it is to others: the row was written by whoever changed it. */
void record_website(const Recorder *r, Website *w, WebsiteChange change);
/* "validator.online", "validator.offline" */
void record_validator(const Recorder *r, const Validator *v, bool online);
/* News only: of it nothing is stored. */
void record_stranger(const Recorder *r, const Validator *v, const char *source);
