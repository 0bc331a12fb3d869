/* payout: the books are kept by SQL functions; payout_request() has the owner's rights. */
#include "store/ledger.h"

#include <errno.h>

#include "store/read.h"

#define COLUMNS                                                                                    \
        "p.id, v.key, v.name, p.amount, p.status, p.transaction_id, usec(p.requested_at),"         \
        " usec(p.approved_at), usec(p.settled_at)"

/* One row per validator of this key; without id: nothing is owed. */
static const PqStatement payout_ask = {
        .name = "payout_ask",
        .sql = "SELECT " COLUMNS " FROM validator v"
               " LEFT JOIN LATERAL payout_request(v.id, $2, $3) AS p ON true WHERE v.key = $1",
        .n_params = 3,
};

static const PqStatement payout_page = {
        .name = "payout_page",
        .sql = "SELECT " COLUMNS " FROM payout p JOIN validator v ON v.id = p.validator_id"
               " WHERE ($1::text IS NULL OR p.status = $1) AND p.id > $2"
               " ORDER BY p.id LIMIT $3",
        .n_params = 3,
};

static const PqStatement payout_allow = {
        .name = "payout_allow",
        .sql = "SELECT " COLUMNS " FROM payout_approve($1, $2) AS p"
               " JOIN validator v ON v.id = p.validator_id",
        .n_params = 2,
};

static const PqStatement payout_close = {
        .name = "payout_close",
        .sql = "SELECT " COLUMNS " FROM payout_settle($1, $3, $2) AS p"
               " JOIN validator v ON v.id = p.validator_id",
        .n_params = 3,
};

const PqStatement *const ledger_statements[] = {
        &payout_ask, &payout_page, &payout_allow, &payout_close, NULL,
};

static int read_payout(const PqResult *result, size_t i, void *ret) {
        PayoutRow *row = ret;
        int r;

        if (pq_is_null(result, i, 0))
                return -ENODATA;

        r = store_get_bytes(result, i, 1, row->validator_key, sizeof(row->validator_key));
        if (r < 0)
                return r;
        row->validator_name = pq_get_text(result, i, 2);
        row->lamports = pq_get_int(result, i, 3);
        row->status = pq_get_text(result, i, 4);
        row->transaction = pq_is_null(result, i, 5) ? NULL : pq_get_text(result, i, 5);
        row->requested = pq_get_time(result, i, 6);
        row->approved = pq_get_time(result, i, 7);
        row->settled = pq_get_time(result, i, 8);
        return pq_get_uuid(result, i, 0, &row->id);
}

STORE_READER(payout_reader, PayoutRow, PayoutRows, read_payout, NULL);

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((PayoutRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader one_payout_reader = {
        .size = sizeof(PayoutRow),
        .row = read_payout,
        .deliver = deliver_one,
};

int payout_request(Store *s, const PayoutRequest *request, PayoutRows callback, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = store_begin(&payout_ask);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, request->validator_key, 32);
        pq_uuid(t, &request->id);
        pq_text(t, request->actor);
        return store_read(s, t, &one_payout_reader, STORE_ANSWER(callback, userdata, ret));
}

int payouts_load(Store *s, const PayoutPage *page, PayoutRows callback, void *userdata,
                 StoreCall **ret) {
        PqTransaction *t = store_begin(&payout_page);

        if (!t)
                return -ENOMEM;
        pq_text(t, page->status);
        store_put_after(t, page->after);
        pq_int(t, page->limit);
        return store_read(s, t, &payout_reader, STORE_ANSWER(callback, userdata, ret));
}

static PqTransaction *begin_step(const PqStatement *statement, const PayoutStep *step) {
        PqTransaction *t = store_begin(statement);

        if (t) {
                pq_uuid(t, &step->id);
                pq_text(t, step->actor);
        }
        return t;
}

int payout_approve(Store *s, const PayoutStep *step, PayoutRows callback, void *userdata,
                   StoreCall **ret) {
        return store_read(s, begin_step(&payout_allow, step), &one_payout_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int payout_settle(Store *s, const PayoutStep *step, PayoutRows callback, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = begin_step(&payout_close, step);

        if (!t)
                return -ENOMEM;
        pq_text(t, step->transaction);
        return store_read(s, t, &one_payout_reader, STORE_ANSWER(callback, userdata, ret));
}
