/* One statement for both kinds of servers: which it is may change while it is connected. */
#include "store/positions.h"

#include "store/read.h"

static const PqStatement position_get = {
        .name = "position_get",
        .sql = "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
               "        ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn)::bigint, commit_no"
               " FROM hub_state",
        .n_params = 0,
};

const PqStatement *const positions_statements[] = { &position_get, NULL };

static int read_position(const PqResult *result, size_t i, void *ret) {
        Position *row = ret;

        row->lsn = (uint64_t)pq_get_int(result, i, 0);
        row->commit_no = (uint64_t)pq_get_int(result, i, 1);
        return 0;
}

STORE_READER(position_reader, Position, PositionRows, read_position, NULL);

int position_load(Store *s, PositionRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&position_get), &position_reader,
                          STORE_ANSWER(callback, userdata, ret));
}
