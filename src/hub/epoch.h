/* One website's epochs: bounds on a grid spread by hash, secret, commitment, and the eligible list
 * the choice is made from. */
#pragma once

#include <stdbool.h>
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
        uint8_t seats; /* configured; with what follows, what the choice was made by */
        CapLevel caps;
        Minima minima; /* asked for */
        bool unmet;    /* and not met: then none holds */
        uint8_t secret[32];
        uint8_t eligible_root[32]; /* over epoch_leaf() of each, by ascending key */
} Epoch;

/* So long after its end its secret is told: nobody can put it to use any more, and disputes are
 * fresh. */
#define EPOCH_REVEAL_AFTER USEC_PER_DAY

/* max(1 h, 4 T). */
usec_t epoch_length(usec_t interval);
/* The next boundary after now, on the website's own grid. */
usec_t epoch_boundary(const Uuid *website, usec_t interval, usec_t now);
/* When an epoch ends that should have ended while no hub ran: soon, and not those of all websites
 * at once, as each brings orders to be stored, told and taken back. Another restart does not put it
 * off. */
#define EPOCH_OVERDUE (5 * USEC_PER_MIN)
usec_t epoch_overdue_end(const Uuid *website, usec_t now);
/* Fills the secret of epoch e->number. */
void epoch_derive(Epoch *e, const uint8_t *hub_secret, const Uuid *website);
/* SHA-256 of the secret: what orders say before it is told. */
void epoch_commitment(const Epoch *e, uint8_t ret[static SHA256_SIZE]);

#define EPOCH_LEAF_SIZE CHOICE_LEAF_SIZE
/* What hides the origin of this key in its leaf. secret: the epoch's. */
void epoch_salt(const uint8_t secret[static 32], const uint8_t *hub_secret,
                const uint8_t key[static 32], uint8_t ret[static SHA256_SIZE]);
/* key, then a hash of operator, prefix, block, ASN and region, salted by the hub and never guessed
 * from the published secret. */
void epoch_leaf(const Epoch *e, const uint8_t *hub_secret, const Candidate *c,
                uint8_t ret[static EPOCH_LEAF_SIZE]);
/* Sets e->eligible_root: RFC 6962 over the leaves of the listed candidates, by ascending key.
 * -ENOMEM. */
int epoch_commit(Epoch *e, const uint8_t *hub_secret, const Roster *roster,
                 const uint32_t *eligible, size_t n);
