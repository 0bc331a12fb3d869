/* website_tick: ticks as rows, found by span of five minutes and website. */
#include "store/ticks.h"

#include <errno.h>
#include <string.h>

#include "store/column.h"
#include "store/read.h"

/* $1 and $2: ticks of a validator, which may be there more than once. */
static const PqStatement validator_hour_add = {
        .name = "validator_hour_add",
        .sql = "INSERT INTO validator_hour AS h (validator_id, hour, ticks)"
               " SELECT r.validator_id, date_trunc('hour', now(), 'UTC'), sum(r.n)"
               "   FROM unnest($1::integer[], $2::bigint[]) AS r (validator_id, n)"
               "   GROUP BY r.validator_id"
               " ON CONFLICT (validator_id, hour) DO UPDATE SET ticks = h.ticks + excluded.ticks",
        .n_params = 2,
};

const PqStatement *const ticks_statements[] = {
        &validator_hour_add,
        NULL,
};

void ticks_count(PqTransaction *t, const TickCount *counts, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &validator_hour_add);
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, counts[i].validator));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, counts[i].n));
}
