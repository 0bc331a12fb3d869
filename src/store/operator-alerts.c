/* operator_alert, and what of it goes into alert_outbox: all of it is decided by operator_look() of
 * the database, which remembers what began when and which channel was told. */
#include "store/operator-alerts.h"

#include <errno.h>

#include "store/read.h"

/* LEFT: an inner join with a table that is empty does not call the function at all. */
static const PqStatement look = {
        .name = "operator_look",
        .sql = "SELECT c.public_id, c.name FROM unnest(operator_look($1, $2, $3, $4)) m"
               " LEFT JOIN alert_channel c ON c.id = m",
        .n_params = 4,
};

const PqStatement *const operator_alerts_statements[] = { &look, NULL };

static int read_refusal(const PqResult *result, size_t i, void *ret) {
        OperatorRefusal *row = ret;

        row->name = pq_get_text(result, i, 1);
        return pq_get_uuid(result, i, 0, &row->channel);
}

STORE_READER(refusal_reader, OperatorRefusal, OperatorRefusals, read_refusal, NULL);

int operator_look(Store *s, const OperatorView *view, OperatorRefusals callback, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&look);

        if (!t)
                return -ENOMEM;
        pq_time(t, view->now);
        pq_int(t, view->validators);
        pq_int(t, (int64_t)view->free);
        pq_int(t, (int64_t)view->room);
        return store_read(s, t, &refusal_reader, STORE_ANSWER(callback, userdata, ret));
}
