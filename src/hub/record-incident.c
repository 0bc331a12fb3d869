/* Incidents and flapping as rows, timelines, events and news. The sentence for people and the votes
 * behind it go into the timeline as they are; both are as hub/cause.h and the seats say them. */
#include "hub/record-parts.h"
#include "hub/round.h"
#include "store/incidents.h"
#include "wire/tick.h"

typedef struct StepNames {
        const char *row;   /* in the timeline */
        const char *event; /* for listeners */
        const char *when;  /* the member that says when */
        NewsKind news;
} StepNames;

static const StepNames steps[] = {
        [INCIDENT_OPENED] = { "opened", "incident.opened", "openedAt", NEWS_INCIDENT_OPENED },
        [INCIDENT_ESCALATED] = { "escalated", "incident.changed", "changedAt",
                                 NEWS_INCIDENT_CHANGED },
        [INCIDENT_EASED] = { "eased", "incident.changed", "changedAt", NEWS_INCIDENT_CHANGED },
        [INCIDENT_CLOSED] = { "closed", "incident.closed", "closedAt", NEWS_INCIDENT_CLOSED },
};

/* What is said of one step, in all the places where it is. */
typedef struct Story {
        IncidentStep step;
        IncidentKind kind;
        const char *severity, *cause, *summary;
        const char *regions[SEATS_MAX];
        size_t n_regions;
        usec_t at, first_evidence, last_evidence;
        const SiteSeatView *seats; /* NULL: nobody judged it */
        size_t n;
} Story;

static void write_story(JsonWriter *json, const Story *s) {
        json_writer_string(json, "severity", s->severity);
        json_writer_string(json, "cause", s->cause);
        json_writer_string(json, "summary", s->summary);
        json_writer_open_array(json, "regions");
        for (size_t i = 0; i < s->n_regions; i++)
                json_writer_string(json, NULL, s->regions[i]);
        json_writer_close(json);
}

static char *timeline_detail(const Recorder *r, const Story *s) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char *text = NULL;

        if (json_writer_new(&json) < 0)
                return NULL;
        json_writer_open_object(json, NULL);
        write_story(json, s);
        record_votes(r, json, "votes", s->seats, s->n);
        json_writer_close(json);
        return json_writer_take(json, &text) < 0 ? NULL : text;
}

static void put_row(const Recorder *r, const Website *w, const Story *s) {
        _cleanup_free_ char *detail = timeline_detail(r, s);
        PqTransaction *group = writer_group(r->writer);
        const IncidentRow row = {
                .id = w->incidents[s->kind].id,
                .website = w->id,
                .kind = incident_kind_name(s->kind),
                .cause = s->cause,
                .severity = s->severity,
                .summary = s->summary,
                .regions = s->regions,
                .n_regions = s->n_regions,
                .opened = s->at,
                .first_evidence = s->first_evidence,
                .last_evidence = s->last_evidence,
        };
        const IncidentChange change = {
                .id = &row.id, .kind = steps[s->step].row, .at = s->at, .detail = detail
        };

        if (s->step == INCIDENT_OPENED)
                incident_open(group, &row, detail);
        else if (s->step == INCIDENT_CLOSED)
                incident_close(group, &change, s->last_evidence);
        else
                incident_change(group, &change, &row);
}

static void put_news(const Recorder *r, const Website *w, const Story *s, const char *id) {
        NewsItem item = { .kind = steps[s->step].news,
                          .at = s->at,
                          .texts = { id, w->id_text, w->url, incident_kind_name(s->kind),
                                     s->cause } };

        if (item.kind == NEWS_INCIDENT_CHANGED) {
                item.texts[4] = s->severity;
                item.texts[5] = s->summary;
        }
        record_news(r, &item);
}

static void put_event(const Recorder *r, const Website *w, const Story *s) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char id[UUID_TEXT_SIZE], at[TIME_FORMAT_SIZE];

        uuid_format(&w->incidents[s->kind].id, id);
        put_news(r, w, s, id);
        if (json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "id", id);
        json_writer_string(json, "websiteId", w->id_text);
        json_writer_string(json, "url", w->url);
        json_writer_string(json, "kind", incident_kind_name(s->kind));
        write_story(json, s);
        json_writer_string(json, steps[s->step].when, time_format(s->at, at));
        json_writer_close(json);
        record_event(r, w->organisation, steps[s->step].event, json);
}

static void put_story(const Recorder *r, Website *w, const Story *s) {
        WebsiteIncident *incident = &w->incidents[s->kind];

        if (s->step == INCIDENT_OPENED)
                incident->id = uuid7_new(s->at);
        else if (!incident->open)
                return;
        incident->open = s->step != INCIDENT_CLOSED;
        put_row(r, w, s);
        put_event(r, w, s);
}

/* Why ------------------------------------------------------------------------------------------ */

static const char *region_of(const Recorder *r, uint32_t validator) {
        const Validator *v = registry_find_id(r->registry, validator);

        return v ? v->region : "";
}

static void explain(const Recorder *r, const SiteIncident *i, Story *s,
                    char summary[static CAUSE_SIZE]) {
        CauseSeat seats[SEATS_MAX];
        CauseRegion regions[SITE_PANELS_MAX];
        const CauseFacts facts = {
                .kind = i->kind,
                .open = i->open,
                .cause = i->cause,
                .seats = seats,
                .n = i->n,
                .regions = regions,
                .n_regions = i->n_regions,
                .now = i->at,
                .called = i->called,
                .expiry_days = i->expiry_days,
        };

        for (uint8_t k = 0; k < i->n; k++)
                seats[k] = (CauseSeat){ .outcome = i->seats[k].outcome,
                                        .error_class = i->seats[k].vote.error_class,
                                        .sees = i->seen & SEAT_BIT(k),
                                        .region = region_of(r, i->seats[k].validator) };
        for (uint8_t k = 0; k < i->n_regions; k++)
                regions[k] = (CauseRegion){ .name = region_of(r, i->regions[k].witness),
                                            .n = i->regions[k].n,
                                            .down = i->regions[k].down };
        s->summary = cause_sentence(&facts, summary);
        s->n_regions = cause_regions(&facts, s->regions);
}

/* The machine's word. */
static const char *cause_name(const SiteIncident *i) {
        if (i->kind == INCIDENT_CERTIFICATE)
                return "certificate_expiry";
        return i->error_class > 0 ? tick_error_name(i->error_class) : verdict_cause_name(i->cause);
}

void record_incident(const Recorder *r, Website *w, const SiteIncident *i,
                     char summary[static CAUSE_SIZE]) {
        Story s = {
                .step = i->step,
                .kind = i->kind,
                .severity = incident_severity_name(i->severity),
                .cause = cause_name(i),
                .at = i->at,
                .first_evidence = i->first_evidence,
                .last_evidence = i->last_evidence,
                .seats = i->seats,
                .n = i->n,
        };

        explain(r, i, &s, summary);
        put_story(r, w, &s);
}

void record_incidents_end(const Recorder *r, Website *w, const char *cause, usec_t now) {
        Story s = { .step = INCIDENT_CLOSED,
                    .severity = incident_severity_name(SEVERITY_NONE),
                    .cause = cause,
                    .summary = "Nobody looks at the website any more",
                    .at = now };

        for (s.kind = 0; s.kind < _INCIDENT_KIND_MAX; s.kind++)
                put_story(r, w, &s);
}

/* Flapping ------------------------------------------------------------------------------------- */

static void note_flapping(const Recorder *r, const Website *w, const SiteFlapping *f) {
        const WebsiteIncident *incident = &w->incidents[INCIDENT_DOWN];
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        _cleanup_free_ char *detail = NULL;

        if (!incident->open || json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_real(json, "score", f->score);
        json_writer_close(json);
        if (json_writer_take(json, &detail) < 0)
                return;
        incident_note(writer_group(r->writer),
                      &(const IncidentChange){ .id = &incident->id,
                                               .kind = f->on ? "flapping" : "steady",
                                               .at = f->at,
                                               .detail = detail });
}

void record_flapping(const Recorder *r, const Website *w, const SiteFlapping *f) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char at[TIME_FORMAT_SIZE];

        (void)writer_group(r->writer);
        note_flapping(r, w, f);
        record_news(r, &(const NewsItem){ .kind = NEWS_WEBSITE_FLAPPING,
                                          .at = f->at,
                                          .texts = { w->id_text, w->url,
                                                     f->on ? "flapping" : "steady" } });
        if (json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "websiteId", w->id_text);
        json_writer_string(json, "url", w->url);
        json_writer_bool(json, "flapping", f->on);
        json_writer_real(json, "score", f->score);
        json_writer_string(json, "until", f->on ? time_format(f->until, at) : NULL);
        json_writer_string(json, "at", time_format(f->at, at));
        json_writer_close(json);
        record_event(r, w->organisation, "website.flapping", json);
}
