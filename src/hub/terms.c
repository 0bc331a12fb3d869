#include "hub/terms.h"

#include <stdlib.h>
#include <string.h>

typedef struct Shared {
        OrderTerms terms;
        size_t users;
} Shared;

_Static_assert(sizeof(OrderTerms) == sizeof(uint64_t) + 3 * sizeof(Hash) + sizeof(Uuid),
               "without a hole");

KeptOrder order_keep(const Order *o, OrderTerms *ret_terms) {
        KeptOrder k = {
                .start = o->start,
                .interval_ms = o->interval_ms,
                .timeout_ms = o->timeout_ms,
                .type = (uint8_t)o->type,
                .family = o->family,
                .seat = o->seat,
                .n = o->n,
                .terms = ret_terms,
        };

        memcpy(k.nonce, o->nonce, sizeof(k.nonce));
        *ret_terms = (OrderTerms){
                .epoch = o->epoch.number,
                .commitment = o->epoch.commitment,
                .eligible = o->epoch.eligible,
                .spec = o->spec,
                .website = o->website,
        };
        return k;
}

Order kept_order(const KeptOrder *k) {
        const OrderTerms *t = k->terms;
        Order o = {
                .start = k->start,
                .interval_ms = k->interval_ms,
                .timeout_ms = k->timeout_ms,
                .type = (OrderType)k->type,
                .family = k->family,
                .seat = k->seat,
                .n = k->n,
                .website = t->website,
                .spec = t->spec,
                .epoch = { t->epoch, t->commitment, t->eligible },
        };

        memcpy(o.nonce, k->nonce, sizeof(o.nonce));
        return o;
}

OrderGrid kept_order_grid(const KeptOrder *k) {
        return (OrderGrid){ k->start, k->interval_ms };
}

bool order_terms_equal(const OrderTerms *a, const OrderTerms *b) {
        return memcmp(a, b, sizeof(*a)) == 0;
}

static Shared *shared_of(const OrderTerms *t) {
        return (Shared *)t;
}

const OrderTerms *order_terms_copy(const OrderTerms *t) {
        Shared *s = malloc(sizeof(*s));

        if (!s)
                return NULL;
        *s = (Shared){ *t, 1 };
        return &s->terms;
}

const OrderTerms *order_terms_ref(const OrderTerms *t) {
        shared_of(t)->users++;
        return t;
}

void order_terms_unref(const OrderTerms *t) {
        Shared *s = shared_of(t);

        if (t && --s->users == 0)
                free(s);
}
