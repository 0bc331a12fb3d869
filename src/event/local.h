/* One question to a program behind a local socket: a text is sent, and one line is the answer. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct LocalCall LocalCall;

#define LOCAL_ANSWER_MAX 4096 /* bytes, with the end of the line */

typedef struct LocalQuestion {
        const char *path;
        const char *text; /* copied, and overwritten when it is sent: it may be secret */
        usec_t timeout;   /* of the whole */
} LocalQuestion;

/* error 0: answer is the line, without its end, borrowed for the time of the call. -ENOENT,
 * -ECONNREFUSED and the like: nobody is there; -ETIMEDOUT; -ENODATA: it was closed before a line
 * came; -EMSGSIZE: the line is too long. The LocalCall is gone after it. */
typedef void (*LocalDone)(int error, const char *answer, void *userdata);

/* The callback never runs inside. 0; -ENOMEM; -ENAMETOOLONG. */
int local_ask(uv_loop_t *loop, const LocalQuestion *question, LocalDone done, void *userdata,
              LocalCall **ret);
LocalCall *local_cancel(LocalCall *call);
DEFINE_FREEP(LocalCall, local_cancel);
