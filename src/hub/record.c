/* One function per kind of decision; texts are JSON made by the writer of base/json. */
#include "hub/record.h"

#include <string.h>

#include "base/json.h"
#include "store/epochs.h"
#include "store/events.h"
#include "store/incidents.h"
#include "store/validators.h"
#include "store/verdicts.h"
#include "wire/tick.h"

#define ELIGIBLE_SIZE (4 + EPOCH_LEAF_SIZE) /* validator id u32 big-endian, leaf */

static void put_be32(uint8_t *p, uint32_t v) {
        p[0] = (uint8_t)(v >> 24);
        p[1] = (uint8_t)(v >> 16);
        p[2] = (uint8_t)(v >> 8);
        p[3] = (uint8_t)v;
}

void record_epoch(const Recorder *r, const Website *w, const Epoch *e, const uint32_t *eligible,
                  size_t n) {
        _cleanup_free_ uint8_t *list = calloc(n + 1, ELIGIBLE_SIZE);
        EpochRow row = { .website = w->id,
                         .number = e->number,
                         .starts = e->starts,
                         .ends = e->ends,
                         .n = e->n };
        const Candidate *c;

        if (!list)
                return;
        for (size_t i = 0; i < n; i++) {
                c = roster_find(registry_roster(r->registry), eligible[i]);
                put_be32(list + row.n_eligible, eligible[i]);
                if (c)
                        epoch_leaf(e, r->hub_secret, c, list + row.n_eligible + 4);
                row.n_eligible += ELIGIBLE_SIZE;
        }
        row.eligible = list;
        memcpy(row.secret, e->secret, sizeof(row.secret));
        memcpy(row.eligible_root, e->eligible_root, sizeof(row.eligible_root));
        epoch_put(writer_group(r->writer), &row);
}

static void put_event(const Recorder *r, uint32_t organisation, const char *kind,
                      JsonWriter *json) {
        _cleanup_free_ char *payload = NULL;
        PqTransaction *group = writer_group(r->writer);

        if (json_writer_take(json, &payload) < 0)
                return;
        event_put(group, &(EventRow){
                                         .commit_no = writer_commit_no(r->writer),
                                         .ordinal = writer_take_ordinal(r->writer),
                                         .organisation = organisation,
                                         .kind = kind,
                                         .payload = payload,
                         });
}

static const char *vote_name(VoteOutcome o) {
        return o == VOTE_MISSING ? "missing" : tick_outcome_name(o);
}

static void write_seat(JsonWriter *json, const Registry *registry, const SiteSeatView *s) {
        const Validator *v = registry_find_id(registry, s->validator);
        char at[TIME_FORMAT_SIZE];

        json_writer_open_object(json, NULL);
        json_writer_number(json, "seat", s->seat);
        json_writer_string(json, "validatorId", v ? v->key_text : NULL);
        json_writer_string(json, "vote", vote_name(s->outcome));
        if (s->vote.outcome != VOTE_MISSING) {
                json_writer_string(json, "at", time_format(s->vote.started, at));
                json_writer_real(json, "latencyMs", s->vote.latency / 1000.0);
                if (s->vote.error_class > 0)
                        json_writer_string(json, "error", tick_error_name(s->vote.error_class));
        }
        json_writer_close(json);
}

static char *votes_json(const Recorder *r, const SiteVerdict *v) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char *text = NULL;

        if (json_writer_new(&json) < 0)
                return NULL;
        json_writer_open_array(json, NULL);
        for (uint8_t i = 0; i < v->n; i++)
                write_seat(json, r->registry, &v->seats[i]);
        json_writer_close(json);
        return json_writer_take(json, &text) < 0 ? NULL : text;
}

static void verdict_event(const Recorder *r, const Website *w, const SiteVerdict *v) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char since[TIME_FORMAT_SIZE];

        if (json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "websiteId", w->id_text);
        json_writer_string(json, "url", w->url);
        json_writer_string(json, "state", verdict_state_name(v->state));
        json_writer_string(json, "assurance", assurance_name(v->assurance));
        json_writer_string(json, "since", time_format(v->since, since));
        json_writer_close(json);
        put_event(r, w->organisation, "verdict.changed", json);
}

void record_verdict(const Recorder *r, const Website *w, const SiteVerdict *v) {
        _cleanup_free_ char *votes = votes_json(r, v);
        PqTransaction *group = writer_group(r->writer);

        verdict_put(group, &(VerdictRow){
                                           .website = w->id,
                                           .state = verdict_state_name(v->state),
                                           .assurance = assurance_name(v->assurance),
                                           .cause = verdict_cause_name(v->cause),
                                           .started = v->since,
                                           .first_evidence = v->first_evidence,
                                           .n = v->n,
                                           .votes = votes,
                                           .commit_no = writer_commit_no(r->writer),
                           });
        verdict_event(r, w, v);
}

static const char *incident_cause(const SiteIncident *i) {
        return i->error_class > 0 ? tick_error_name(i->error_class) : verdict_cause_name(i->cause);
}

static void incident_event(const Recorder *r, const Website *w, const SiteIncident *i) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char id[UUID_TEXT_SIZE], at[TIME_FORMAT_SIZE];

        if (json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "id", uuid_format(&w->incident, id));
        json_writer_string(json, "websiteId", w->id_text);
        json_writer_string(json, "url", w->url);
        json_writer_string(json, "kind", incident_kind_name(i->kind));
        json_writer_string(json, "cause", incident_cause(i));
        json_writer_string(json, i->open ? "openedAt" : "closedAt", time_format(i->at, at));
        json_writer_close(json);
        put_event(r, w->organisation, i->open ? "incident.opened" : "incident.closed", json);
}

void record_incident(const Recorder *r, Website *w, const SiteIncident *i) {
        PqTransaction *group = writer_group(r->writer);

        if (i->open) {
                w->incident = uuid7_new(i->at);
                incident_open(group,
                              &(IncidentRow){
                                              .id = w->incident,
                                              .website = w->id,
                                              .kind = incident_kind_name(i->kind),
                                              .cause = incident_cause(i),
                                              .opened = i->at,
                                              .first_evidence = i->first_evidence,
                              },
                              NULL);
        } else if (w->incident_open)
                incident_close(group, &w->incident, i->at, NULL);
        w->incident_open = i->open;
        incident_event(r, w, i);
}

void record_website(const Recorder *r, Website *w, bool removed) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        usec_t now = hub_clock_now(r->clock);

        if (removed) {
                verdict_close(writer_group(r->writer), w->id, now);
                if (w->incident_open)
                        incident_close(writer_group(r->writer), &w->incident, now, NULL);
                w->incident_open = false;
        }
        if (json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "id", w->id_text);
        if (!removed)
                json_writer_string(json, "url", w->url);
        json_writer_close(json);
        put_event(r, w->organisation, removed ? "website.removed" : "website.added", json);
}

void record_validator(const Recorder *r, const Validator *v, bool online) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;

        if (v->id == 0 || json_writer_new(&json) < 0)
                return;
        if (!online)
                validator_gone_put(writer_group(r->writer), v->id, hub_clock_now(r->clock));
        json_writer_open_object(json, NULL);
        json_writer_string(json, "id", v->key_text);
        json_writer_close(json);
        put_event(r, 0, online ? "validator.online" : "validator.offline", json);
}
