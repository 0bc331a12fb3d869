/* Time in microseconds. `usec_t` inside, unit suffixes (_ms, _s) at the edges. Pure modules never
 * call now_*(). */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC  ((usec_t)1000000)
#define USEC_PER_MIN  (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY  (24 * USEC_PER_HOUR)
#define USEC_INFINITY UINT64_MAX

/* Includes time asleep (CLOCK_BOOTTIME); never jumps. For intervals and for hub time on a
 * validator. */
usec_t now_boottime(void);
/* Since 1970 (CLOCK_REALTIME); may be stepped by the administrator. */
usec_t now_realtime(void);

#define TIME_FORMAT_SIZE 32
/* RFC 3339 in UTC with microseconds: "2026-01-02T03:04:05.000006Z". Returns ret. */
const char *time_format(usec_t realtime, char ret[static TIME_FORMAT_SIZE]);
/* The same of any offset, with up to nine digits of a second, of which six count:
 * "2026-01-02T04:04:05+01:00". 0; -EINVAL: it is none, or before 1970. */
int time_parse(const char *text, usec_t *ret);
