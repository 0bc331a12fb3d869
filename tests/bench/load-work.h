/* The orders one validator holds, and what it will have seen: ticks are known before they happen,
 * as the websites exist in this program only. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "base/time.h"
#include "wire/frame.h"
#include "wire/tick.h"

typedef struct LoadWork LoadWork;

typedef struct LoadWorkOptions {
        double down;       /* fraction of the websites that are down */
        usec_t down_from;  /* boot time */
        double per_second; /* ticks at most; 0: no limit */
} LoadWorkOptions;

int load_work_new(LoadWork **ret, const LoadWorkOptions *options);
LoadWork *load_work_free(LoadWork *w);
DEFINE_FREEP(LoadWork, load_work_free);

/* 0; -EBADMSG: an entry that is no order. f is verified. */
int load_work_change(LoadWork *w, const FrameOrders *f, const SignScope *scope);
size_t load_work_count(const LoadWork *w);

typedef struct LoadWindow {
        usec_t from, to;    /* hub time, half open */
        int64_t hub_offset; /* hub time - boot time */
} LoadWindow;

/* Ticks of all slots within the window, as many as the rate allows; *skipped counts the others.
 * Borrowed until the next call. */
size_t load_work_window(LoadWork *w, const LoadWindow *window, const Tick **ret, size_t *skipped);
/* The answer to a probe. 1; 0: it is old; -ENOENT: of no order known; -EBADMSG. */
int load_work_probe(LoadWork *w, const FrameProbe *f, const SignScope *scope, const LoadWindow *now,
                    Tick *ret);
