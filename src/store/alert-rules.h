/* When a channel of alerts is told. Pure.
 *
 *      recovery         whether the end of an incident is told where its beginning was: true
 *      delaySeconds     an incident is told of when it is still open after so long, and nobody has
 *                       acknowledged it: 0 to 86400; 0
 *      reminderSeconds  it is told of again each time so much has passed, at most 24 times, as
 *                       long as it is open and nobody has acknowledged it: 60 to 604800; never
 *      quietHours       {"from": "22:00", "to": "07:00", "timeZone": "Europe/Berlin",
 *                       "days": ["mon", ...], "except": ["down", ...]}: what falls into them waits
 *                       for their end, unless it is as severe as `except` says. `days` are those
 *                       on which they begin: all
 *      perHour          messages in any hour: 1 to 3600; 60. What is beyond comes in a digest
 *      digestFrom       more alerts than this in a minute come as one digest: 0 to 1000, 0 for
 *                       never; 10
 */
#pragma once

#define ALERT_RULES_MAX 4096 /* bytes of JSON */

/* 0; -EINVAL: they cannot be, *reason is a sentence without its full stop; -ENOMEM. Whether there
 * is such a time zone, the database knows. */
int alert_rules_check(const char *json, const char **reason);
