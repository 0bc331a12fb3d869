/* One function per kind of decision; texts are JSON made by the writer of base/json. */
#include "hub/record-parts.h"

#include <string.h>

#include "store/epochs.h"
#include "store/events.h"
#include "store/validators.h"
#include "store/verdicts.h"
#include "wire/bytes.h"
#include "wire/tick.h"

static void put_list(const Recorder *r, PqTransaction *group, const EligibleListRow *list) {
        usec_t now = hub_clock_now(r->clock);

        if (eligible_must_store(r->stored, list->digest, now))
                eligible_list_put(group, list, now);
}

void record_epoch(const Recorder *r, const Website *w, const Epoch *e, const uint32_t *eligible,
                  size_t n) {
        const Roster *roster = registry_roster(r->registry);
        EligibleListRow list = { 0 };
        EpochRow row = { .website = w->id,
                         .number = e->number,
                         .starts = e->starts,
                         .ends = e->ends,
                         .n = e->n,
                         .asked = e->seats,
                         .caps = cap_level_name(e->caps),
                         .rules = rule_set_text(w->rule_set),
                         .unmet = e->unmet };
        size_t n_known = committee_known(n, e->n);
        _cleanup_free_ uint8_t *bytes = eligible_list(roster, eligible, n, &list.n);
        _cleanup_free_ uint8_t *ranking = eligible_ranking(eligible, n_known, &row.n_ranking);
        PqTransaction *group = writer_group_unhurried(r->writer);

        if (!bytes || !ranking)
                return;
        list.list = bytes;
        sha256(bytes, list.n, list.digest);
        put_list(r, group, &list);
        row.ranking = ranking;
        memcpy(row.list, list.digest, sizeof(row.list));
        memcpy(row.secret, e->secret, sizeof(row.secret));
        memcpy(row.eligible_root, e->eligible_root, sizeof(row.eligible_root));
        epoch_put(group, &row);
}

void record_event(const Recorder *r, uint32_t organisation, const char *kind, JsonWriter *json) {
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

void record_news(const Recorder *r, const NewsItem *item) {
        news_put(r->news, writer_commit_no(r->writer), item);
}

static const char *vote_name(VoteOutcome o) {
        return o == VOTE_MISSING ? "missing" : tick_outcome_name(o);
}

/* Why it has no vote, as store/verdict-views.h names it; NULL: it has one. */
static const char *reason_missing(const SiteSeatView *s) {
        if (s->outcome == VOTE_UP || s->outcome == VOTE_DOWN)
                return NULL;
        if (s->outcome == VOTE_ABSTAIN)
                return "abstained";
        if (s->validator == 0)
                return "empty";
        return s->away_since != 0 ? "away" : "silent";
}

static void write_seat(JsonWriter *json, const Registry *registry, const SiteSeatView *s) {
        const Validator *v = registry_find_id(registry, s->validator);
        const char *missing = reason_missing(s);
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
        if (missing)
                json_writer_string(json, "missing", missing);
        if (s->away_since != 0)
                json_writer_string(json, "awaySince", time_format(s->away_since, at));
        json_writer_close(json);
}

static void write_region(JsonWriter *json, const Registry *registry, const SiteRegion *s) {
        const Validator *v = registry_find_id(registry, s->witness);

        json_writer_open_object(json, NULL);
        json_writer_string(json, "region", v ? v->region : "");
        json_writer_number(json, "n", s->n);
        json_writer_number(json, "up", s->up);
        json_writer_number(json, "down", s->down);
        json_writer_bool(json, "counts", s->counts);
        json_writer_close(json);
}

static char *regions_json(const Recorder *r, const SiteVerdict *v) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char *text = NULL;

        if (json_writer_new(&json) < 0)
                return NULL;
        json_writer_open_array(json, NULL);
        for (uint8_t i = 0; i < v->n_regions; i++)
                write_region(json, r->registry, &v->regions[i]);
        json_writer_close(json);
        return json_writer_take(json, &text) < 0 ? NULL : text;
}

void record_votes(const Recorder *r, JsonWriter *json, const char *name, const SiteSeatView *seats,
                  size_t n) {
        json_writer_open_array(json, name);
        for (size_t i = 0; i < n; i++)
                write_seat(json, r->registry, &seats[i]);
        json_writer_close(json);
}

static char *votes_json(const Recorder *r, const SiteVerdict *v) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char *text = NULL;

        if (json_writer_new(&json) < 0)
                return NULL;
        record_votes(r, json, NULL, v->seats, v->n);
        return json_writer_take(json, &text) < 0 ? NULL : text;
}

typedef struct Judgement {
        const char *state, *previous, *cause;
        const char *assurance;      /* NULL: nobody judges */
        const SiteVerdict *verdict; /* NULL: likewise */
        usec_t since;
} Judgement;

static void write_family(JsonWriter *json, uint8_t family) {
        json_writer_open_array(json, "families");
        json_writer_number(json, NULL, family);
        json_writer_close(json);
}

static void write_region_names(JsonWriter *json, const Registry *registry, const SiteVerdict *v) {
        json_writer_open_array(json, "regions");
        for (uint8_t i = 0; i < v->n_regions; i++) {
                const Validator *witness = registry_find_id(registry, v->regions[i].witness);

                json_writer_string(json, NULL, witness ? witness->region : "");
        }
        json_writer_close(json);
}

static void verdict_event(const Recorder *r, const Website *w, const Judgement *j) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char since[TIME_FORMAT_SIZE];

        record_news(r,
                    &(const NewsItem){ .kind = NEWS_WEBSITE_STATE_CHANGED,
                                       .at = j->since,
                                       .texts = { w->id_text, w->url, j->state, j->previous,
                                                  j->cause, j->assurance ? j->assurance : "" } });
        if (json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "websiteId", w->id_text);
        json_writer_string(json, "url", w->url);
        json_writer_string(json, "state", j->state);
        json_writer_string(json, "assurance", j->assurance);
        if (j->verdict && j->verdict->family != 0)
                write_family(json, j->verdict->family);
        if (j->verdict && j->verdict->n_regions > 0)
                write_region_names(json, r->registry, j->verdict);
        json_writer_string(json, "since", time_format(j->since, since));
        json_writer_close(json);
        record_event(r, w->organisation, "verdict.changed", json);
}

void record_verdict(const Recorder *r, const Website *w, const SiteVerdict *v) {
        _cleanup_free_ char *votes = votes_json(r, v), *regions = regions_json(r, v);
        PqTransaction *group = writer_group(r->writer);
        const Judgement judgement = {
                .state = verdict_state_name(v->state),
                .previous = verdict_state_name(v->previous),
                .cause = verdict_cause_name(v->cause),
                .assurance = assurance_name(v->assurance),
                .verdict = v,
                .since = v->since,
        };

        verdict_put(group, &(VerdictRow){
                                           .website = w->id,
                                           .state = judgement.state,
                                           .assurance = judgement.assurance,
                                           .cause = judgement.cause,
                                           .started = v->since,
                                           .first_evidence = v->first_evidence,
                                           .n = v->n,
                                           .flap_score = v->flap_score,
                                           .flapping_until = v->flapping_until,
                                           .votes = votes,
                                           .regions = regions,
                                           .family = v->family,
                                           .commit_no = writer_commit_no(r->writer),
                           });
        writer_hurry_ticks(r->writer, w->id); /* what it was decided on is there with it */
        verdict_event(r, w, &judgement);
}

/* Nobody judges it any more. */
static void end_judging(const Recorder *r, Website *w, const char *cause, usec_t now) {
        verdict_close(writer_group(r->writer), w->id, now);
        record_incidents_end(r, w, cause, now);
}

static void existence_event(const Recorder *r, const Website *w, bool removed, usec_t now) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;

        (void)writer_group(r->writer);
        record_news(r,
                    &(const NewsItem){ .kind = removed ? NEWS_WEBSITE_REMOVED : NEWS_WEBSITE_ADDED,
                                       .at = now,
                                       .texts = { w->id_text, w->url } });
        if (json_writer_new(&json) < 0)
                return;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "id", w->id_text);
        if (!removed)
                json_writer_string(json, "url", w->url);
        json_writer_close(json);
        record_event(r, w->organisation, removed ? "website.removed" : "website.added", json);
}

static void pause_event(const Recorder *r, const Website *w, bool paused, usec_t now) {
        const char *state = verdict_state_name(paused ? VERDICT_PAUSED : VERDICT_UNKNOWN);
        const char *previous = verdict_state_name(paused ? site_state(w->site) : VERDICT_PAUSED);

        (void)writer_group(r->writer);
        verdict_event(r, w,
                      &(const Judgement){ .state = state,
                                          .previous = previous,
                                          .cause = paused ? "paused" : "resumed",
                                          .since = now });
}

/* Span, incidents and news of one change are of one moment. */
void record_website(const Recorder *r, Website *w, WebsiteChange change) {
        bool ends = change == WEBSITE_REMOVED || change == WEBSITE_PAUSED;
        usec_t now = hub_clock_now(r->clock);

        if (ends)
                end_judging(r, w, change == WEBSITE_PAUSED ? "paused" : "removed", now);
        if (change == WEBSITE_ADDED || change == WEBSITE_REMOVED)
                existence_event(r, w, ends, now);
        else
                pause_event(r, w, ends, now);
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
        record_event(r, 0, online ? "validator.online" : "validator.offline", json);
        record_news(r, &(const NewsItem){ .kind = online ? NEWS_VALIDATOR_ONLINE
                                                         : NEWS_VALIDATOR_OFFLINE,
                                          .at = hub_clock_now(r->clock),
                                          .texts = { v->key_text, v->name } });
}

/* The next commit comes with the next beat at the latest. */
void record_stranger(const Recorder *r, const Validator *v, const char *source) {
        record_news(r, &(const NewsItem){ .kind = NEWS_VALIDATOR_WAITING,
                                          .at = hub_clock_now(r->clock),
                                          .texts = { v->key_text, v->name, source } });
}
