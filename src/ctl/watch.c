/* sd-bus does the waiting. */
#include "ctl/watch.h"

#include <errno.h>
#include <stdio.h>

#include "base/macro.h"

#define DELAY_MIN_MS 100u
#define DELAY_MAX_MS 86400000u

CtlExit watch_begin(const Args *args, Watch *ret) {
        const char *delay = args->options[OPTION_DELAY], *count = args->options[OPTION_COUNT];
        uint64_t ms = 1000;

        *ret = (Watch){ .left = UINT32_MAX };
        if (delay && (args_duration_ms(delay, &ms) < 0 || ms < DELAY_MIN_MS || ms > DELAY_MAX_MS)) {
                fprintf(stderr, "dpinctl: --delay: \"%s\" is no time from 100ms to 1d\n", delay);
                return CTL_USAGE;
        }
        if (count && (args_number(count, UINT32_MAX - 1, &ret->left) < 0 || ret->left == 0)) {
                fprintf(stderr, "dpinctl: --count: \"%s\" is no number above 0\n", count);
                return CTL_USAGE;
        }
        ret->delay = ms * USEC_PER_MSEC;
        return CTL_OK;
}

bool watch_goes_on(Watch *w) {
        if (w->left != UINT32_MAX)
                w->left--;
        return w->left > 0;
}

int watch_wait(sd_bus *bus, usec_t until) {
        usec_t now;
        int r;

        while ((now = now_boottime()) < until) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, until - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return 0;
}
