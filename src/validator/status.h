/* How a validator is doing, as plain data, for its bus and its status line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Strings are borrowed from the manager. */
typedef struct ValidatorStatus {
        const char *state; /* one sentence: "ready", or what is missing */
        const char *hub;   /* its URL */
        const char *key;   /* public, base64url */
        const char *why;   /* it is not welcomed; may be empty */
        bool welcomed;     /* by the hub */
        bool connected;    /* welcomed, and approved */
        bool clock_off;    /* this machine's wall clock is not the hub's */
        uint32_t orders;   /* that are run now */
        uint32_t checks;   /* under way */
        uint64_t spool_batches, spool_bytes, spool_max;
        uint64_t ticks_sealed; /* since the start, as the next */
        uint64_t ticks_lost;   /* for want of room, on disk or in memory */
} ValidatorStatus;
