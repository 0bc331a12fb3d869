/* One run of a program: without a shell, with no environment but the one it is given, nothing open
 * but its standard streams, in a process group of its own that ends with it. What it prints is read
 * to the end, and only its last line is kept. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct Program Program;

#define PROGRAM_LINE_MAX 160 /* bytes kept of a line */

typedef struct ProgramRequest {
        const char *const *argv;        /* ended by NULL; the first is an absolute path */
        const char *const *environment; /* "NAME=value", ended by NULL */
        const char *input;              /* all that its standard input has */
        usec_t timeout;                 /* then it gets SIGTERM */
        usec_t grace;                   /* after that SIGKILL */
} ProgramRequest;

typedef struct ProgramResult {
        unsigned status;  /* it exited with; of no meaning after a signal */
        int signal;       /* 0: it exited by itself */
        bool timed_out;   /* it was told to end, however it then did */
        const char *line; /* the last one that it printed, to either stream; "": none */
} ProgramResult;

/* result is borrowed for the time of the call; the Program is gone after it. */
typedef void (*ProgramDone)(const ProgramResult *result, void *userdata);

/* The callback never runs inside. Negative: it cannot be started, -ENOENT and the like. Blocks
 * until the program has begun or failed to. */
int program_start(uv_loop_t *loop, const ProgramRequest *request, ProgramDone done, void *userdata,
                  Program **ret);
/* Its group is killed; the loop must run on until it is seen to have ended. */
Program *program_cancel(Program *p);
DEFINE_FREEP(Program, program_cancel);
