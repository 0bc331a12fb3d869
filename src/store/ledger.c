/* payout: the books are kept by the SQL function payout_request(), with the owner's rights. */
#include "store/ledger.h"

#include <errno.h>

#include "store/read.h"

/* One row per validator of this key; without id: nothing is owed. */
static const PqStatement payout_ask = {
        .name = "payout_ask",
        .sql = "SELECT p.id, p.amount, p.status FROM validator v"
               " LEFT JOIN LATERAL payout_request(v.id, $2, $3) AS p ON true WHERE v.key = $1",
        .n_params = 3,
};

const PqStatement *const ledger_statements[] = {
        &payout_ask,
        NULL,
};

static int read_payout(const PqResult *result, size_t i, void *ret) {
        PayoutRow *row = ret;

        if (pq_is_null(result, i, 0))
                return -ENODATA;

        row->lamports = pq_get_int(result, i, 1);
        row->status = pq_get_text(result, i, 2);
        return pq_get_uuid(result, i, 0, &row->id);
}

static void deliver_payout(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((PayoutRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader payout_reader = {
        .size = sizeof(PayoutRow),
        .row = read_payout,
        .deliver = deliver_payout,
};

int payout_request(Store *s, const PayoutRequest *request, PayoutRows callback, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = store_begin(&payout_ask);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, request->validator_key, 32);
        pq_uuid(t, &request->id);
        pq_text(t, request->actor);
        return store_read(s, t, &payout_reader, STORE_ANSWER(callback, userdata, ret));
}
