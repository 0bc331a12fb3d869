/* One vote per seat: its freshest. The table does not know who holds a seat, nor what follows. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "hub/votes.h"

typedef struct Entry {
        Vote vote;
        usec_t said_since; /* start of the first vote of the present claim; 0: discredited */
} Entry;

struct VoteTable {
        usec_t freshness;
        uint8_t capacity;
        Entry entries[];
};

usec_t vote_lateness(usec_t interval) {
        return CLAMP(interval / 4, 5 * USEC_PER_SEC, 60 * USEC_PER_SEC);
}

usec_t vote_freshness(usec_t interval, usec_t timeout) {
        return interval + 2 * timeout + vote_lateness(interval);
}

int vote_table_new(VoteTable **ret, uint8_t n_seats, usec_t freshness) {
        int r;

        *ret = NULL;
        r = vote_table_reserve(ret, n_seats);
        if (r >= 0)
                (*ret)->freshness = freshness;
        return r;
}

VoteTable *vote_table_free(VoteTable *t) {
        free(t);
        return NULL;
}

int vote_table_reserve(VoteTable **t, uint8_t n_seats) {
        const VoteTable *old = *t;
        VoteTable *larger;

        assert(n_seats <= SEATS_MAX);
        if (old && n_seats <= old->capacity)
                return 0;
        larger = line_alloc(sizeof(*larger) + n_seats * sizeof(larger->entries[0]));
        if (!larger)
                return -ENOMEM;
        if (old)
                memcpy(larger, old, sizeof(*old) + old->capacity * sizeof(old->entries[0]));
        larger->capacity = n_seats;
        free(*t);
        *t = larger;
        return 0;
}

void vote_table_fetch(const VoteTable *t, uint8_t seat) {
        __builtin_prefetch(t);
        fetch_lines(&t->entries[seat], sizeof(t->entries[seat]));
}

void vote_table_set_freshness(VoteTable *t, usec_t freshness) {
        t->freshness = freshness;
}

static Entry *entry_at(const VoteTable *t, uint8_t seat) {
        assert(seat < t->capacity);
        return (Entry *)&t->entries[seat];
}

static bool is_fresh(const VoteTable *t, const Vote *v, usec_t now) {
        return v->outcome != VOTE_MISSING && now < v->started + t->freshness;
}

int vote_table_put(VoteTable *t, uint8_t seat, const Vote *vote) {
        Entry *e = entry_at(t, seat);
        bool same = e->vote.outcome == vote->outcome && is_fresh(t, &e->vote, vote->started);

        if (e->vote.outcome != VOTE_MISSING && vote->started <= e->vote.started)
                return 0;
        e->vote = *vote;
        if (!same)
                e->said_since = vote->started;
        return 1;
}

void vote_table_clear(VoteTable *t, uint8_t seat) {
        *entry_at(t, seat) = (Entry){ 0 };
}

void vote_table_move(VoteTable *t, uint8_t from, uint8_t to) {
        *entry_at(t, to) = *entry_at(t, from);
        vote_table_clear(t, from);
}

const Vote *vote_table_last(const VoteTable *t, uint8_t seat) {
        const Entry *e = entry_at(t, seat);

        return e->vote.outcome == VOTE_MISSING ? NULL : &e->vote;
}

VoteOutcome vote_table_outcome(const VoteTable *t, uint8_t seat, usec_t now) {
        const Vote *v = &entry_at(t, seat)->vote;

        return is_fresh(t, v, now) ? v->outcome : VOTE_MISSING;
}

usec_t vote_table_next(const VoteTable *t, uint8_t n, usec_t now) {
        usec_t next = USEC_INFINITY;

        for (uint8_t i = 0; i < n; i++) {
                const Vote *v = &entry_at(t, i)->vote;

                if (is_fresh(t, v, now))
                        next = MIN(next, v->started + t->freshness);
        }
        return next;
}

usec_t vote_table_said_since(const VoteTable *t, uint8_t seat) {
        return entry_at(t, seat)->said_since;
}

void vote_table_discredit(VoteTable *t, uint8_t seat) {
        entry_at(t, seat)->said_since = 0;
}
