/* When people work at which website: the windows of some hours, as the database knows them. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/pace.h"
#include "hub/window.h"
#include "store/maintenance.h"

#define CALENDAR_AHEAD (3 * USEC_PER_HOUR) /* how far it is read */

/* When it is read again: after an hour, or when somebody changed something. All windows there are
 * are read then, while commits wait: so those who change much share the later readings. Zeroed: it
 * is due. */
typedef struct CalendarDue {
        usec_t at;
        Pace changes;
} CalendarDue;

/* true: it is due at once. */
bool calendar_changed(CalendarDue *due, usec_t now);
void calendar_was_read(CalendarDue *due, usec_t now);

typedef struct Calendar Calendar;

/* Copies them: ordered and apart, as maintenance_load() has them. */
int calendar_new(Calendar **ret, const MaintenanceSpan *spans, size_t n);
Calendar *calendar_free(Calendar *c);
DEFINE_FREEP(Calendar, calendar_free);

/* The window of a website that is on, or else comes next; { 0, 0 }: there is none. Its own and
 * those of all websites of its organisation are one where they overlap or touch. c may be NULL. */
SiteWindow calendar_next(const Calendar *c, uint32_t organisation, uint32_t website, usec_t now);
