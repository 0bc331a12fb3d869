/* Who did what: an append-only log, written in the transaction of the deed. */
#pragma once

#include "event/pq.h"

typedef struct AuditRow {
        const char *actor;     /* "token PREFIX", "uid 0" */
        uint32_t organisation; /* 0: none */
        const char *action;    /* "website.add" */
        const char *object;    /* its public id */
} AuditRow;

void audit_put(PqTransaction *t, const AuditRow *row);

extern const PqStatement *const audit_statements[];
