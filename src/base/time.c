/* The two clocks dpin reads, and how a moment is written for people. Parsing times is the API's
 * business. */
#include "base/time.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static usec_t clock_read(clockid_t clock) {
        struct timespec ts;
        int r;

        r = clock_gettime(clock, &ts);
        assert(r == 0); /* both clocks exist in every kernel that runs systemd */
        (void)r;
        return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

usec_t now_boottime(void) {
        return clock_read(CLOCK_BOOTTIME);
}

usec_t now_realtime(void) {
        return clock_read(CLOCK_REALTIME);
}

const char *time_format(usec_t realtime, char ret[static TIME_FORMAT_SIZE]) {
        time_t seconds = (time_t)(realtime / USEC_PER_SEC);
        struct tm tm;
        size_t n;

        gmtime_r(&seconds, &tm); /* no 64-bit count of microseconds reaches a year it refuses */
        n = strftime(ret, TIME_FORMAT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(ret + n, TIME_FORMAT_SIZE - n, ".%06uZ", (unsigned)(realtime % USEC_PER_SEC));
        return ret;
}
