/* What a validator says of itself: plain data for the bus. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct ValidatorStatus {
        const char *state; /* of the uplink: "ready", "away" ... */
        const char *key;   /* public key, base64url */
        const char *hub;   /* URL */
        bool connected;
        uint32_t orders;
        uint64_t spool_batches, spool_bytes; /* not acked yet */
        uint64_t ticks_sealed;               /* since the start */
} ValidatorStatus;
