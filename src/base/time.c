/* The two clocks dpin reads, and how a moment is written for people, and by them. */
#include "base/time.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
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

/* Reading ---------------------------------------------------------------------------------------
 */

/* Exactly so many digits. */
static bool read_digits(const char **text, unsigned n, int *ret) {
        int value = 0;

        for (unsigned i = 0; i < n; i++, (*text)++) {
                if (**text < '0' || **text > '9')
                        return false;
                value = value * 10 + (**text - '0');
        }
        *ret = value;
        return true;
}

/* The pattern: a digit is how many digits the next number has, all else stands for itself, letters
 * in either case. */
static bool read_numbers(const char **text, const char *pattern, int *const *ret) {
        for (; *pattern; pattern++) {
                if (*pattern >= '1' && *pattern <= '9') {
                        if (!read_digits(text, (unsigned)(*pattern - '0'), *ret++))
                                return false;
                } else if (*(*text)++ != *pattern && (*text)[-1] != (*pattern | 0x20)) {
                        return false;
                }
        }
        return true;
}

static bool read_fraction(const char **text, usec_t *ret) {
        usec_t unit = 100 * USEC_PER_MSEC, value = 0;
        unsigned n = 0;

        if (**text != '.')
                return true;
        for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, n++, unit /= 10)
                value += (usec_t)(**text - '0') * unit;
        *ret = value;
        return n >= 1 && n <= 9;
}

/* In seconds. */
static bool read_offset(const char **text, int64_t *ret) {
        int hours, minutes;
        char sign = *(*text)++;

        *ret = 0;
        if (sign == 'Z' || sign == 'z')
                return true;
        if ((sign != '+' && sign != '-') ||
            !read_numbers(text, "2:2", (int *const[]){ &hours, &minutes }) || hours > 23 ||
            minutes > 59)
                return false;
        *ret = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
        return true;
}

int time_parse(const char *text, usec_t *ret) {
        struct tm tm = { 0 }, normal;
        int *const numbers[] = { &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                                 &tm.tm_hour, &tm.tm_min, &tm.tm_sec };
        usec_t fraction = 0;
        int64_t offset;
        time_t seconds;

        if (!read_numbers(&text, "4-2-2T2:2:2", numbers) || !read_fraction(&text, &fraction) ||
            !read_offset(&text, &offset) || *text)
                return -EINVAL;
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        normal = tm;
        seconds = timegm(&normal); /* a day that a month has not becomes one of the next month */
        if (normal.tm_mon != tm.tm_mon || normal.tm_mday != tm.tm_mday || tm.tm_hour > 23 ||
            tm.tm_min > 59 || tm.tm_sec > 59 || seconds < offset)
                return -EINVAL;
        *ret = (usec_t)(seconds - offset) * USEC_PER_SEC + fraction;
        return 0;
}
