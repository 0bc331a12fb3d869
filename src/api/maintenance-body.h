/* What people send about maintenance, read and judged member by member. What times mean is for the
 * database to say. Pure. */
#pragma once

#include "api/body.h"
#include "store/maintenance.h"

#define MAINTENANCE_WEBSITES_MAX 100u

typedef struct MaintenanceBody {
        char *from, *until, *cron, *time_zone, *title; /* NULL: not sent */
        JsonStrings websites;
        JsonSeen websites_seen, from_seen, until_seen, cron_seen, zone_seen, duration_seen;
        int64_t duration_ms;
        char websites_text[MAINTENANCE_WEBSITES_MAX * UUID_TEXT_SIZE]; /* with commas */
} MaintenanceBody;

/* 0, and *ret is to be done; or -EINVAL with *problem. */
int maintenance_body_read(const char *text, size_t n, MaintenanceBody *ret, BodyProblem *problem);
/* As the store wants it; borrows the body. */
void maintenance_body_fill(const MaintenanceBody *body, MaintenanceAdd *ret);
void maintenance_body_done(MaintenanceBody *body);
