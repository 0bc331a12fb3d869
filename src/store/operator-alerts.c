/* operator_alert, and what of it goes into alert_outbox. */
#include "store/operator-alerts.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement look = {
        .name = "operator_look",
        .sql = "SELECT operator_look($1, $2, $3, $4)",
        .n_params = 4,
};

const PqStatement *const operator_alerts_statements[] = { &look, NULL };

int operator_look(Store *s, const OperatorView *view, StoreDone done, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&look);

        if (!t)
                return -ENOMEM;
        pq_time(t, view->now);
        pq_int(t, view->validators);
        pq_int(t, (int64_t)view->free);
        pq_int(t, (int64_t)view->room);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}
