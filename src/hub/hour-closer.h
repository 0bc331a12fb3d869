/* Closes an hour: some websites at a time, each in transactions of its own, and at last pays and
 * says that it is closed. Who is ended in between begins it again. One thing is asked of the
 * database at a time. */
#pragma once

#include "base/macro.h"
#include "store/closing.h"

typedef struct HourCloser HourCloser;

typedef struct HourCloserOptions {
        Store *store; /* borrowed */
        /* About so many are added up at once, at half a microsecond each; more where websites with
         * very many follow others: at most those of 32 websites. */
        unsigned part_ticks;
        /* Asked between two parts: whether to go on. */
        bool (*may_work)(void *userdata);
        /* It has ended. r 0: closed is the hour, 0: none was due, or somebody else closed it.
         * -ECANCELED: it may not go on. Others as PqDone. */
        void (*done)(int r, usec_t closed, void *userdata);
        void *userdata;
} HourCloserOptions;

typedef struct HourCloserWork {
        ClosingDue due;
        int64_t lamports; /* reward of a tick */
} HourCloserWork;

int hour_closer_new(HourCloser **ret, const HourCloserOptions *options);
/* Nothing more is asked or told. */
HourCloser *hour_closer_free(HourCloser *c);
DEFINE_FREEP(HourCloser, hour_closer_free);

/* The oldest hour that is due, when none is being closed. done() is not called inside. 0, or
 * negative errno: it is not told then. */
int hour_closer_start(HourCloser *c, const HourCloserWork *work);
bool hour_closer_is_busy(const HourCloser *c);
