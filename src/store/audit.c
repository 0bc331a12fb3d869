/* audit_log: the database itself refuses to change or delete its rows. */
#include "store/audit.h"

static const PqStatement audit_log_put = {
        .name = "audit_log_put",
        .sql = "INSERT INTO audit_log (actor, organisation_id, action, object)"
               " VALUES ($1, nullif($2::integer, 0), $3, $4)",
        .n_params = 4,
};

const PqStatement *const audit_statements[] = {
        &audit_log_put,
        NULL,
};

void audit_put(PqTransaction *t, const AuditRow *row) {
        pq_add(t, &audit_log_put);
        pq_text(t, row->actor);
        pq_int(t, row->organisation);
        pq_text(t, row->action);
        pq_text(t, row->object);
}
