/* hub_state: one row, advanced by every commit. */
#include "store/hub-state.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement state_get = {
        .name = "hub_state_get",
        .sql = "SELECT commit_no, network_key, usec(heartbeat_at),"
               " coalesce((SELECT max(id) FROM work_order), 0),"
               " coalesce((SELECT max(id) FROM tick_batch), 0), deed_revision, paged_no"
               " FROM hub_state",
        .n_params = 0,
};

static const PqStatement commit_put = {
        .name = "hub_commit",
        .sql = "SELECT commit_advance($1)",
        .n_params = 1,
};

static const PqStatement network_key_put = {
        .name = "hub_network_key_put",
        .sql = "SELECT network_key_put($1)",
        .n_params = 1,
};

static const PqStatement heartbeat_put = {
        .name = "hub_heartbeat_put",
        .sql = "UPDATE hub_state SET (heartbeat_at, paged_no, paged_at) = ($1, $2, $3)",
        .n_params = 3,
};

const PqStatement *const hub_state_statements[] = {
        &state_get, &commit_put, &network_key_put, &heartbeat_put, NULL,
};

static int read_state(const PqResult *result, size_t i, void *ret) {
        HubStateRow *row = ret;

        row->commit_no = (uint64_t)pq_get_int(result, i, 0);
        row->has_network_key = !pq_is_null(result, i, 1);
        row->heartbeat = pq_get_time(result, i, 2);
        row->order_max = (uint64_t)pq_get_int(result, i, 3);
        row->batch_max = (uint64_t)pq_get_int(result, i, 4);
        row->deeds = (uint64_t)pq_get_int(result, i, 5);
        row->paged_no = (uint64_t)pq_get_int(result, i, 6);
        return row->has_network_key ? store_get_bytes(result, i, 1, row->network_key, 32) : 0;
}

STORE_READER(state_reader, HubStateRow, HubStateRows, read_state, NULL);

int hub_state_load(Store *s, HubStateRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&state_get), &state_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

void hub_commit(PqTransaction *t, uint64_t commit_no) {
        pq_add(t, &commit_put);
        pq_int(t, (int64_t)commit_no);
}

void hub_network_key_put(PqTransaction *t, const uint8_t key[static 32]) {
        pq_add(t, &network_key_put);
        pq_bytes(t, key, 32);
}

void hub_heartbeat_put(PqTransaction *t, const HubHeartbeat *beat) {
        pq_add(t, &heartbeat_put);
        pq_time(t, beat->now);
        pq_int(t, (int64_t)beat->paged_no);
        pq_time(t, beat->paged);
}
