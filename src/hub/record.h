/* Decisions as rows: epochs, verdict spans and incidents, and the events that the API's listeners
 * read. Everything goes into the group that the writer is collecting. */
#pragma once

#include "hub/registry.h"
#include "hub/site.h"
#include "hub/website.h"
#include "hub/writer.h"

typedef struct Recorder {
        Writer *writer; /* borrowed, as all here */
        const Registry *registry;
        const HubClock *clock;
        const uint8_t *hub_secret; /* 32 bytes, for the salted leaves of the eligible list */
} Recorder;

void record_epoch(const Recorder *r, const Website *w, const Epoch *e, const uint32_t *eligible,
                  size_t n);
void record_verdict(const Recorder *r, const Website *w, const SiteVerdict *v);
/* Opens or closes w->incident. */
void record_incident(const Recorder *r, Website *w, const SiteIncident *i);
/* Only the event: the row was written by whoever added or removed it. A removal also closes span
 * and incident. */
void record_website(const Recorder *r, Website *w, bool removed);
/* "validator.online", "validator.offline" */
void record_validator(const Recorder *r, const Validator *v, bool online);
