/* The votes that count still when a hub begins anew: of each validator of a website its newest tick
 * that may vote, apart for panels. Pages are read as they are, so many at a time. */
#pragma once

#include "base/macro.h"
#include "hub/orderbook.h"
#include "hub/votes.h"
#include "store/store.h"

#define PAST_TICKS_MAX  65536u /* on the pages that are read at once, as far as one can know */
#define PAST_NEWEST_MAX 4u     /* of a validator's ticks of a website are looked at */

typedef struct PastVotes PastVotes;

typedef struct PastVote {
        uint32_t website, validator;
        bool panel;
        Vote vote;
} PastVote;

typedef struct PastVotesOptions {
        Store *store;
        const OrderBook *book; /* orders that it does not know have no votes */
        usec_t now;            /* hub time, of the votes' freshness */
        void (*take)(const PastVote *vote, void *userdata);
        /* 0: all were taken. It may be freed within. */
        void (*done)(int r, void *userdata);
        void *userdata;
} PastVotesOptions;

typedef struct PastWebsite {
        uint32_t website;
        uint8_t seats;   /* of them and the interval follows how many ticks it has, about */
        usec_t interval; /* the shortest it had lately; above 0 */
        usec_t fresh;    /* so long a vote of it counts now, whichever order it was for */
} PastWebsite;

int past_votes_new(PastVotes **ret, const PastVotesOptions *options);
PastVotes *past_votes_free(PastVotes *p);
DEFINE_FREEP(PastVotes, past_votes_free);

/* Before it begins, each website once. 0, -ENOMEM. */
int past_votes_add(PastVotes *p, const PastWebsite *w);
/* done() does not come within. 0; -ENODATA: none was added; others as store_submit(). */
int past_votes_begin(PastVotes *p);
