/* One website's epochs: bounds on a grid spread by hash, secret, commitment, and the eligible list
 * the choice is made from. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/time.h"
#include "hub/committee.h"

/* What orders name and the caller stores; the secret is published 24 h after the end. */
typedef struct Epoch {
        uint64_t number; /* 1, 2, 3 ... per website; 0: none yet */
        usec_t starts, ends;
        uint8_t n;
        uint8_t secret[32];
        uint8_t commitment[32];    /* SHA-256 of the secret */
        uint8_t eligible_root[32]; /* over epoch_eligible_leaf() of each, by ascending key */
} Epoch;
