/* PostgreSQL makes of a verdict an object and counts its votes; the sentence is added here. */
#include "store/verdict-views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/read.h"
#include "store/why.h"
#include "wire/tick.h"

/* What is read: of w (website), s (span) and k (n, f, q), and of the seats a. */
#define COLUMNS(STATE)                                                                             \
        " SELECT json_build_object('state', " STATE ", 'assurance', s.assurance,"                  \
        "   'cause', s.cause, 'since', rfc3339(s.started_at), 'until', rfc3339(s.ended_at),"       \
        "   'firstEvidenceAt', rfc3339(s.first_evidence_at), 'n', k.n, 'f', k.f, 'q', k.q,"        \
        "   'regions', coalesce(s.regions, '[]'), 'families', coalesce(s.families, '[]'),"         \
        "   'seats', a.seats), " STATE                                                             \
        ", s.cause, k.n, k.f, k.q, a.up, a.down, a.away, a.silent, a.abstained, a.empty,"          \
        " (SELECT string_agg(format('%s of %s say so in %s', g->>'down', g->>'n', g->>'region'),"  \
        "   ' and ' ORDER BY g->>'region') FROM jsonb_array_elements(s.regions) AS g"              \
        "   WHERE g->>'counts' = 'true')"

/* k is made of how many seats it had, or has. */
#define RULE_OF(N)                                                                                 \
        " CROSS JOIN LATERAL (SELECT n, f, (n + f) / 2 + 1 AS q FROM ("                            \
        "   SELECT n, greatest(n - 1, 0) / 3 AS f FROM (SELECT " N " AS n) AS i) AS j) AS k"

#define RULE_THEN RULE_OF("coalesce(s.n::integer, 0)")
#define RULE_NOW                                                                                   \
        RULE_OF("coalesce((SELECT max(n)::integer FROM work_order WHERE website_id = w.id"         \
                "   AND removed_at IS NULL AND type = 1), s.n::integer, 0)")

/* The seats that x is: a row each. */
#define SEATS_OF(X)                                                                                \
        " CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_object('seat', x.seat,"          \
        "    'validatorId', x.validator, 'validatorName', x.name,"                                 \
        "    'region', nullif(x.region, ''), 'vote', x.vote, 'at', rfc3339(x.at),"                 \
        "    'ageMs', round(extract(epoch FROM x.asked - x.at) * 1000), 'latencyMs', x.latency,"   \
        "    'error', x.error, 'missing', x.missing, 'awaySince', rfc3339(x.away_since))"          \
        "    ORDER BY x.seat), '[]') AS seats,"                                                    \
        "   count(*) FILTER (WHERE x.vote = 'up') AS up,"                                          \
        "   count(*) FILTER (WHERE x.vote = 'down') AS down,"                                      \
        "   count(*) FILTER (WHERE x.missing = 'away') AS away,"                                   \
        "   count(*) FILTER (WHERE x.missing = 'silent') AS silent,"                               \
        "   count(*) FILTER (WHERE x.missing = 'abstained') AS abstained,"                         \
        "   count(*) FILTER (WHERE x.missing = 'empty') AS empty FROM (" X ") AS x) AS a"

/* A vote that was too old at this moment is none: later ones may be on their way to a page, for
 * half a minute and two commits, but not those that the verdict was decided on. */
#define VOTES_UNTIL                                                                                \
        "greatest(now() - least(coalesce(heartbeat_at - paged_at, '0'), interval '1 minute'),"     \
        "   CASE WHEN s.started_at < now() THEN s.started_at END)"

/* As they are now, by orders and ticks. $3: names of error classes, the one of class 0 first. */
#define SEATS_NOW                                                                                  \
        "SELECT place AS seat, key_text(v.key) AS validator, v.name, v.region,"                    \
        "   CASE t.outcome WHEN 1 THEN 'up' WHEN 2 THEN 'down' WHEN 3 THEN 'abstain'"              \
        "     ELSE 'missing' END AS vote,"                                                         \
        "   t.started_at AS at, now() AS asked,"                                                   \
        "   tick_latency(t.outcome, t.dns_us, t.connect_us, t.tls_us, t.wait_us, t.transfer_us)"   \
        "     AS latency,"                                                                         \
        "   CASE WHEN t.error_class > 0 THEN coalesce(($3::text[])[t.error_class + 1], 'unknown')" \
        "     END AS error,"                                                                       \
        "   CASE WHEN v.id IS NULL THEN 'empty' WHEN t.outcome IN (1, 2) THEN NULL"                \
        "     WHEN t.outcome = 3 THEN 'abstained' WHEN v.connected THEN 'silent' ELSE 'away' END"  \
        "     AS missing,"                                                                         \
        "   CASE WHEN NOT v.connected THEN v.last_seen_at END AS away_since"                       \
        " FROM (SELECT " VOTES_UNTIL " AS until FROM hub_state OFFSET 0) AS h"                     \
        " CROSS JOIN generate_series(0, k.n - 1) AS place"                                         \
        " LEFT JOIN LATERAL (SELECT * FROM work_order WHERE website_id = w.id"                     \
        "   AND removed_at IS NULL AND type = 1 AND seat = place ORDER BY id DESC LIMIT 1) AS o"   \
        "   ON true"                                                                               \
        " LEFT JOIN validator v ON v.id = o.validator_id"                                          \
        " LEFT JOIN LATERAL (SELECT t.* FROM tick_spans_since("                                    \
        "     h.until - vote_freshness(o.interval_ms, o.timeout_ms)) AS s (span)"                  \
        "   CROSS JOIN LATERAL (SELECT * FROM website_tick"                                        \
        "     WHERE span = s.span AND website_id = w.id"                                           \
        "       AND span >= tick_span(now() - interval '4 days') OFFSET 0) AS t"                   \
        "   WHERE validator_id = o.validator_id AND NOT late"                                      \
        "   AND coalesce((SELECT type FROM work_order WHERE id = order_id), 1) <> 3"               \
        "   AND started_at > h.until - vote_freshness(o.interval_ms, o.timeout_ms)"                \
        "   ORDER BY started_at DESC LIMIT 1) AS t ON true"

/* As the hub stored them with its decision. Of old ones it is not known who was away. */
#define SEATS_THEN                                                                                 \
        "SELECT (e->>'seat')::integer AS seat, e->>'validatorId' AS validator, v.name, v.region,"  \
        "   e->>'vote' AS vote, (e->>'at')::timestamptz AS at, s.started_at AS asked,"             \
        "   (e->>'latencyMs')::float8 AS latency, e->>'error' AS error,"                           \
        "   coalesce(e->>'missing', CASE WHEN e->>'vote' IN ('up', 'down') THEN NULL"              \
        "     WHEN e->>'vote' = 'abstain' THEN 'abstained'"                                        \
        "     WHEN e->>'validatorId' IS NULL THEN 'empty' ELSE 'silent' END) AS missing,"          \
        "   (e->>'awaySince')::timestamptz AS away_since"                                          \
        " FROM jsonb_array_elements(s.votes) AS e LEFT JOIN validator v"                           \
        "   ON v.key = decode(translate(e->>'validatorId', '-_', '+/') || '=', 'base64')"

#define OF_WEBSITE " WHERE w.organisation_id = $1 AND w.public_id = $2 AND w.removed_at IS NULL"

/* clang-format off */
static const PqStatement verdict_now = {
        .name = "verdict_now",
        .sql = COLUMNS("website_state(s.state, w.paused)")
               " FROM website w LEFT JOIN verdict_span s ON s.website_id = w.id"
               "   AND s.ended_at IS NULL"
               RULE_NOW SEATS_OF(SEATS_NOW) OF_WEBSITE,
        .n_params = 3,
};

/* $3: when. */
static const PqStatement verdict_then = {
        .name = "verdict_then",
        .sql = COLUMNS("coalesce(s.state, 'UNKNOWN')")
               " FROM website w LEFT JOIN LATERAL (SELECT * FROM verdict_span"
               "   WHERE website_id = w.id AND started_at <= $3::timestamptz"
               "   ORDER BY started_at DESC, id DESC LIMIT 1) AS s"
               "   ON coalesce(s.ended_at, 'infinity') > $3"
               RULE_THEN SEATS_OF(SEATS_THEN) OF_WEBSITE,
        .n_params = 3,
};

/* $3: how many; $4, $5: before which moment and which span of that moment. A website without any
 * has one row of nothing. */
static const PqStatement verdict_page = {
        .name = "verdict_page",
        .sql = COLUMNS("s.state") ", usec(s.started_at) || '-' || s.id, $3::integer"
               " FROM website w LEFT JOIN LATERAL (SELECT * FROM verdict_span"
               "   WHERE website_id = w.id AND started_at <= coalesce($4::timestamptz, 'infinity')"
               "   AND (started_at, id) < (coalesce($4, 'infinity'), $5::bigint)"
               "   ORDER BY started_at DESC, id DESC LIMIT $3 + 1) AS s ON true"
               RULE_THEN SEATS_OF(SEATS_THEN) OF_WEBSITE
               " ORDER BY s.started_at DESC, s.id DESC",
        .n_params = 5,
};
/* clang-format on */

const PqStatement *const verdict_views_statements[] = {
        &verdict_now,
        &verdict_then,
        &verdict_page,
        NULL,
};

/* Answers -------------------------------------------------------------------------------------- */

enum {
        COLUMN_OBJECT,
        COLUMN_STATE,
        COLUMN_CAUSE,
        COLUMN_N,
        COLUMN_F,
        COLUMN_Q,
        COLUMN_UP,
        COLUMN_DOWN,
        COLUMN_AWAY,
        COLUMN_SILENT,
        COLUMN_ABSTAINED,
        COLUMN_EMPTY,
        COLUMN_REGIONS,
        COLUMN_CURSOR, /* of a page, as is the next */
        COLUMN_LIMIT,
};

static Why read_why(const PqResult *result, size_t row, bool past) {
        return (Why){
                .state = pq_get_text(result, row, COLUMN_STATE),
                .cause = pq_get_text(result, row, COLUMN_CAUSE),
                .n = (unsigned)pq_get_int(result, row, COLUMN_N),
                .f = (unsigned)pq_get_int(result, row, COLUMN_F),
                .q = (unsigned)pq_get_int(result, row, COLUMN_Q),
                .up = (unsigned)pq_get_int(result, row, COLUMN_UP),
                .down = (unsigned)pq_get_int(result, row, COLUMN_DOWN),
                .away = (unsigned)pq_get_int(result, row, COLUMN_AWAY),
                .silent = (unsigned)pq_get_int(result, row, COLUMN_SILENT),
                .abstained = (unsigned)pq_get_int(result, row, COLUMN_ABSTAINED),
                .empty = (unsigned)pq_get_int(result, row, COLUMN_EMPTY),
                .regions = pq_get_text(result, row, COLUMN_REGIONS),
                .past = past,
        };
}

/* As an object of its own. */
static int write_words(const Why *why, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        char text[WHY_SIZE];
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;
        json_writer_open_object(w, NULL);
        json_writer_string(w, "rule", why->n > 0 ? why_rule(why, text) : NULL);
        json_writer_string(w, "why", why_sentence(why, text));
        json_writer_close(w);
        return json_writer_take(w, ret);
}

/* The row's object with two members more. */
static int read_object(const PqResult *result, size_t row, bool past, char **ret) {
        const char *object = pq_get_text(result, row, COLUMN_OBJECT);
        const Why why = read_why(result, row, past);
        _cleanup_free_ char *words = NULL;
        int r;

        r = write_words(&why, &words);
        if (r < 0)
                return r;
        r = asprintf(ret, "%.*s, %s", (int)(strlen(object) - 1), object, words + 1);
        return r < 0 ? -ENOMEM : 0;
}

static void finish_object(const StoreCall *c, int r, const PqResult *last, bool past) {
        _cleanup_free_ char *text = NULL;

        if (r == 0 && pq_rows(last) == 0)
                r = -ENOENT;
        if (r == 0)
                r = read_object(last, 0, past, &text);
        ((StoreJson)c->callback)(r, text, text ? strlen(text) : 0, c->userdata);
}

static void finish_now(const StoreCall *c, int r, const PqResult *last,
                       const char *error _unused_) {
        finish_object(c, r, last, false);
}

static void finish_then(const StoreCall *c, int r, const PqResult *last,
                        const char *error _unused_) {
        finish_object(c, r, last, true);
}

static int write_page(const PqResult *result, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        size_t n = pq_is_null(result, 0, COLUMN_CURSOR) ? 0 : pq_rows(result);
        size_t limit = (size_t)pq_get_int(result, 0, COLUMN_LIMIT);
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;
        json_writer_open_object(w, NULL);
        json_writer_open_array(w, "verdicts");
        for (size_t i = 0; i < MIN(n, limit); i++) {
                _cleanup_free_ char *object = NULL;

                r = read_object(result, i, true, &object);
                if (r < 0)
                        return r;
                json_writer_raw(w, NULL, object);
        }
        json_writer_close(w);
        json_writer_string(w, "nextCursor",
                           n > limit ? pq_get_text(result, limit - 1, COLUMN_CURSOR) : NULL);
        json_writer_close(w);
        return json_writer_take(w, ret);
}

static void finish_page(const StoreCall *c, int r, const PqResult *last,
                        const char *error _unused_) {
        _cleanup_free_ char *text = NULL;

        if (r == 0 && pq_rows(last) == 0)
                r = -ENOENT;
        if (r == 0)
                r = write_page(last, &text);
        ((StoreJson)c->callback)(r, text, text ? strlen(text) : 0, c->userdata);
}

/* Asking --------------------------------------------------------------------------------------- */

static PqTransaction *begin(const PqStatement *statement, uint32_t organisation,
                            const Uuid *website) {
        PqTransaction *t = store_begin(statement);

        if (t) {
                pq_int(t, organisation);
                pq_uuid(t, website);
        }
        return t;
}

static void put_error_names(PqTransaction *t) {
        pq_array_open(t, PQ_TEXT);
        for (unsigned i = 0; i < _TICK_ERROR_MAX; i++)
                pq_text(t, tick_error_name(i));
        pq_array_close(t);
}

int verdict_view_json(Store *s, const VerdictView *view, StoreJson callback, void *userdata,
                      StoreCall **ret) {
        bool past = view->at != USEC_INFINITY;
        PqTransaction *t = begin(past ? &verdict_then : &verdict_now, view->organisation,
                                 &view->website);
        const StoreCall c = { .finish = past ? finish_then : finish_now,
                              .callback = (StoreCallback)callback,
                              .userdata = userdata };

        if (t && past)
                pq_time(t, view->at);
        else if (t)
                put_error_names(t);
        return store_call(s, t, &c, ret);
}

int verdict_page_json(Store *s, const VerdictPage *page, StoreJson callback, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = begin(&verdict_page, page->organisation, &page->website);
        const StoreCall c = { .finish = finish_page,
                              .callback = (StoreCallback)callback,
                              .userdata = userdata };

        if (t) {
                pq_int(t, page->limit);
                pq_time(t, page->before.started);
                pq_int(t, page->before.id);
        }
        return store_call(s, t, &c, ret);
}

/* Cursors -------------------------------------------------------------------------------------- */

/* Digits up to the end character, as a number of at most 18 of them. */
static const char *read_number(const char *text, char end, uint64_t *ret) {
        size_t n = strspn(text, "0123456789");

        if (n == 0 || n > 18 || text[n] != end)
                return NULL;
        *ret = strtoull(text, NULL, 10);
        return text + n + (end != '\0');
}

int verdict_cursor_parse(const char *text, VerdictCursor *ret) {
        uint64_t started, id;

        text = read_number(text, '-', &started);
        if (!text || !read_number(text, '\0', &id))
                return -EINVAL;
        *ret = (VerdictCursor){ .started = started, .id = (int64_t)id };
        return 0;
}
