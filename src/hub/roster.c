/* Found by halving. */
#include "hub/roster.h"

const Candidate *roster_find(const Roster *r, uint32_t validator) {
        size_t low = 0, high = r->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (r->items[middle].validator == validator)
                        return &r->items[middle];
                if (r->items[middle].validator < validator)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

bool candidate_is_eligible(const Candidate *c, usec_t now) {
        if (c->connected_since != 0 && now >= c->connected_since + CANDIDATE_STEADY)
                return true;
        return c->steady_until != 0 && now <= c->steady_until + CANDIDATE_MEMORY;
}

Origin candidate_origin(const Candidate *c) {
        return (Origin){ c->operator_id, c->prefix, c->block, c->asn, c->region };
}
