/* A committee chosen once more, from what the hub tells of an epoch: was it chosen as was promised?
 * What was promised is in the orders, which the validators have had all along. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "wire/choice.h"
#include "wire/order.h"

typedef enum RecountFinding {
        RECOUNT_AGREES,
        RECOUNT_DIFFERS,
        RECOUNT_OPEN, /* what it takes is not told, or not yet */
        _RECOUNT_FINDING_MAX,
} RecountFinding;

const char *recount_finding_name(RecountFinding f); /* "agrees" */

typedef enum RecountCheck {
        RECOUNT_SECRET, /* its hash is the commitment */
        RECOUNT_LIST,   /* the root over who was eligible is the one committed to */
        RECOUNT_SCORES, /* the list is in the order of scores */
        RECOUNT_SEATS,  /* as many as the list could fill */
        RECOUNT_CAPS,   /* the strictest that fill them */
        RECOUNT_RULES,  /* whether the rules' minima could be met */
        _RECOUNT_CHECK_MAX,
} RecountCheck;

const char *recount_check_name(RecountCheck c); /* "secret" */

typedef struct RecountListed {
        uint8_t key[32], salt[32];
        uint8_t origin[CHOICE_ORIGIN_SIZE]; /* without a salt, of an older hub: the leaf's hash */
        bool salted;
} RecountListed;

typedef struct RecountEpoch {
        Uuid website;
        PublicKey network;
        uint64_t number;
        uint8_t n, asked; /* seats, and configured; asked 0: not told */
        CapLevel caps;
        Minima minima; /* that the rules ask for */
        bool unmet;
        Hash commitment, root;
        const uint8_t *secret;       /* 32 bytes; NULL: not told yet */
        const RecountListed *listed; /* n_listed, as told: highest score first */
        size_t n_listed;
} RecountEpoch;

typedef struct Recount {
        RecountFinding checks[_RECOUNT_CHECK_MAX];
        size_t *ranking; /* of e->listed, by their scores; freed by recount_done() */
        Settled settled;
} Recount;

/* -ENOMEM. */
int recount_epoch(const RecountEpoch *e, Recount *ret);
void recount_done(Recount *r);

#define RECOUNT_PATH_MAX 8 /* deeper than any frame's tree of orders */

/* As stored: of a member of this website. */
typedef struct RecountOrder {
        PublicKey validator;
        const uint8_t *bytes; /* n, as sent */
        size_t n;
        bool sent; /* then: */
        Hash root;
        Signature signature;
        const Hash *path;
        size_t n_path;
} RecountOrder;

typedef struct RecountSeat {
        RecountFinding finding;
        size_t place;     /* of its holder in the list, from 1; 0: not on it, or not known */
        bool chosen;      /* it is of those who sit when all are there */
        const char *note; /* for people */
} RecountSeat;

void recount_order(const RecountEpoch *e, const Recount *r, const RecountOrder *o,
                   RecountSeat *ret);
