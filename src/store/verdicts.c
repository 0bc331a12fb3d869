/* verdict_span: the database allows one open span per website. */
#include "store/verdicts.h"

#include <errno.h>

#include "store/read.h"

/* A clock that stepped back must not make a span end before it began. */
static const PqStatement verdict_span_close = {
        .name = "verdict_span_close",
        .sql = "UPDATE verdict_span SET ended_at = greatest(started_at, $2)"
               " WHERE website_id = $1 AND ended_at IS NULL",
        .n_params = 2,
};

static const PqStatement verdict_span_open = {
        .name = "verdict_span_open",
        .sql = "INSERT INTO verdict_span (website_id, state, assurance, cause, started_at,"
               " first_evidence_at, n, votes, commit_no, regions, flap_score, flapping_until,"
               " families)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10::jsonb, $11, $12,"
               " $13::jsonb)",
        .n_params = 13,
};

static const PqStatement verdict_span_current = {
        .name = "verdict_span_current",
        .sql = "SELECT s.website_id, s.state, s.assurance, s.cause, usec(s.started_at), "
               "usec(s.first_evidence_at), s.n, s.commit_no,"
               " nullif(s.regions, '[]'), s.flap_score, usec(s.flapping_until)"
               " FROM verdict_span s"
               " WHERE s.ended_at IS NULL ORDER BY s.website_id",
        .n_params = 0,
};

const PqStatement *const verdicts_statements[] = {
        &verdict_span_close,
        &verdict_span_open,
        &verdict_span_current,
        NULL,
};

void verdict_close(PqTransaction *t, uint32_t website, usec_t ended) {
        pq_add(t, &verdict_span_close);
        pq_int(t, website);
        pq_time(t, ended);
}

static const char *families_of(const VerdictRow *row) {
        if (row->family == 0)
                return "[]";
        return row->family == 4 ? "[4]" : "[6]";
}

void verdict_put(PqTransaction *t, const VerdictRow *row) {
        verdict_close(t, row->website, row->started);

        pq_add(t, &verdict_span_open);
        pq_int(t, row->website);
        pq_text(t, row->state);
        pq_text(t, row->assurance);
        pq_text(t, row->cause);
        pq_time(t, row->started);
        pq_time(t, row->first_evidence);
        pq_int(t, row->n);
        pq_text(t, row->votes ? row->votes : "[]");
        pq_int(t, (int64_t)row->commit_no);
        pq_text(t, row->regions ? row->regions : "[]");
        pq_real(t, row->flap_score);
        pq_time(t, row->flapping_until);
        pq_text(t, families_of(row));
}

static int read_verdict(const PqResult *result, size_t i, void *ret) {
        *(VerdictRow *)ret = (VerdictRow){
                .website = (uint32_t)pq_get_int(result, i, 0),
                .state = pq_get_text(result, i, 1),
                .assurance = pq_get_text(result, i, 2),
                .cause = pq_get_text(result, i, 3),
                .started = pq_get_time(result, i, 4),
                .first_evidence = pq_get_time(result, i, 5),
                .n = (uint8_t)pq_get_int(result, i, 6),
                .commit_no = (uint64_t)pq_get_int(result, i, 7),
                .regions = pq_is_null(result, i, 8) ? NULL : pq_get_text(result, i, 8),
                .flap_score = pq_get_real(result, i, 9),
                .flapping_until = pq_get_time(result, i, 10),
        };
        return 0;
}

STORE_READER(verdict_reader, VerdictRow, VerdictRows, read_verdict, NULL);

int verdicts_load(Store *s, VerdictRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&verdict_span_current), &verdict_reader,
                          STORE_ANSWER(callback, userdata, ret));
}
