/* The inside of the recorder, shared by record.c and record-incident.c, and by nobody else. */
#pragma once

#include "base/json.h"
#include "hub/record.h"

/* An event for the API's listeners; json is taken to its end. */
void record_event(const Recorder *r, uint32_t organisation, const char *kind, JsonWriter *json);
/* What is told goes the same way as what is stored. */
void record_news(const Recorder *r, const NewsItem *item);
/* An array of seats and what they say; name NULL: the text itself. */
void record_votes(const Recorder *r, JsonWriter *json, const char *name, const SiteSeatView *seats,
                  size_t n);
/* Nobody looks at the website any more: what is open is closed. */
void record_incidents_end(const Recorder *r, Website *w, const char *cause, usec_t now);
