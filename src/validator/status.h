/* How a validator is doing, as plain data, for its bus and its status line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/encode.h"
#include "wire/sign.h"

typedef struct ValidatorStatus {
        const char *state; /* one sentence: "ready", or what is missing; borrowed, as hub */
        const char *hub;   /* its URL */
        char key[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];
        bool connected;  /* welcomed by the hub, and approved */
        uint32_t orders; /* that are run now */
        uint64_t spool_batches, spool_bytes;
        uint64_t ticks_sealed; /* since the start */
} ValidatorStatus;
