/* Asks SQL functions to do what is due. */
#include "store/rollups.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement rollup_partitions_keep = {
        .name = "rollup_partitions_keep",
        .sql = "SELECT partitions_keep($1, $2, $3)",
        .n_params = 3,
};

static const PqStatement rollup_forget = {
        .name = "rollup_forget",
        .sql = "SELECT coalesce(retention_step($1, $2, $3, $4), -1)",
        .n_params = 4,
};

static const PqStatement rollup_choices_forget = {
        .name = "rollup_choices_forget",
        .sql = "SELECT choices_forget($1)",
        .n_params = 1,
};

const PqStatement *const rollups_statements[] = {
        &rollup_partitions_keep,
        &rollup_forget,
        &rollup_choices_forget,
        NULL,
};

static int read_count(const PqResult *result, size_t i, void *ret) {
        *(int64_t *)ret = pq_get_int(result, i, 0);
        return 0;
}

static void deliver_count(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((RollupCount)f)(r, n > 0 ? *(const int64_t *)rows : 0, userdata);
}

static const StoreReader count_reader = {
        .size = sizeof(int64_t),
        .row = read_count,
        .deliver = deliver_count,
};

static PqTransaction *begin_retention(const PqStatement *statement, const Retention *retention) {
        PqTransaction *t = store_begin(statement);

        if (t) {
                pq_time(t, retention->now);
                pq_int(t, retention->days_raw);
                pq_int(t, retention->days_hour);
        }
        return t;
}

int partitions_keep(Store *s, const Retention *retention, RollupCount callback, void *userdata,
                    StoreCall **ret) {
        return store_read(s, begin_retention(&rollup_partitions_keep, retention), &count_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int retention_step(Store *s, const Retention *retention, RollupCount callback, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = begin_retention(&rollup_forget, retention);

        if (!t)
                return -ENOMEM;
        pq_int(t, retention->step);
        return store_read(s, t, &count_reader, STORE_ANSWER(callback, userdata, ret));
}

int choices_forget(Store *s, unsigned most, RollupCount callback, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&rollup_choices_forget);

        if (!t)
                return -ENOMEM;
        pq_int(t, most);
        return store_read(s, t, &count_reader, STORE_ANSWER(callback, userdata, ret));
}
