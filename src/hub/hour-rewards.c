/* Those that claim are sorted by what they are: twins lie together. */
#include "hub/hour-rewards.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/array.h"

/* A tick that was in time, by its identity. */
typedef struct Claim {
        uint64_t order;
        uint32_t number, validator;
        bool scheduled;
        usec_t waits; /* from its start until a verdict begins that it agrees with; 0: it does */
} Claim;

typedef struct Paid {
        uint32_t validator, ticks;
        UT_hash_handle hh;
} Paid;

struct HourRewards {
        Claim *claims;
        size_t n_claims, max_claims;
        uint64_t *orders;
        size_t max_orders;
        Paid *paid;
};

int hour_rewards_new(HourRewards **ret) {
        HourRewards *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        *ret = r;
        return 0;
}

HourRewards *hour_rewards_free(HourRewards *r) {
        Paid *p, *next;

        if (!r)
                return NULL;
        HASH_ITER(hh, r->paid, p, next) {
                HASH_DEL(r->paid, p);
                free(p);
        }
        free(r->claims);
        free(r->orders);
        free(r);
        return NULL;
}

static bool agrees(const HourVerdict *verdict, TickOutcome outcome) {
        switch (verdict->state) {
        case VERDICT_PARTIAL:
        case VERDICT_UNKNOWN:
        case VERDICT_MAINTENANCE:
                return true;
        case VERDICT_UP:
        case VERDICT_DEGRADED:
                return outcome == TICK_UP;
        case VERDICT_DOWN:
                return outcome == TICK_DOWN;
        default:
                return false;
        }
}

/* From when on a verdict agrees with what started then; USEC_INFINITY: none does. */
static usec_t agreed_since(HourVerdicts verdicts, usec_t start, TickOutcome outcome) {
        for (size_t i = 0; i < verdicts.n; i++) {
                const HourVerdict *verdict = &verdicts.verdicts[i];

                if (verdict->ended > start && verdict->started <= start && agrees(verdict, outcome))
                        return start;
                if (verdict->started > start && agrees(verdict, outcome))
                        return verdict->started;
        }
        return USEC_INFINITY;
}

int hour_rewards_claim(HourRewards *r, const PageTick *tick, usec_t start, HourVerdicts verdicts) {
        usec_t since = tick->late ? USEC_INFINITY : agreed_since(verdicts, start, tick->outcome);

        if (since == USEC_INFINITY)
                return 0;
        if (array_reserve(&r->claims, &r->max_claims, r->n_claims + 1, sizeof(*r->claims)) < 0)
                return -ENOMEM;
        r->claims[r->n_claims++] = (Claim){ .order = tick->order,
                                            .number = tick->number,
                                            .validator = tick->validator,
                                            .scheduled = tick->kind == TICK_SCHEDULED,
                                            .waits = since - start };
        return 0;
}

static int compare_claims(const void *a, const void *b) {
        const Claim *x = a, *y = b;
        int c = COMPARE(x->order, y->order);

        if (c == 0)
                c = COMPARE(x->number, y->number);
        if (c == 0)
                c = COMPARE(x->scheduled, y->scheduled);
        return c == 0 ? COMPARE(x->validator, y->validator) : c;
}

int hour_rewards_orders(HourRewards *r, ClosingIds *ret) {
        size_t n = 0;

        if (array_reserve(&r->orders, &r->max_orders, r->n_claims, sizeof(*r->orders)) < 0)
                return -ENOMEM;
        if (r->n_claims > 0)
                qsort(r->claims, r->n_claims, sizeof(*r->claims), compare_claims);
        for (size_t i = 0; i < r->n_claims; i++)
                if (r->claims[i].waits > 0 && (n == 0 || r->orders[n - 1] != r->claims[i].order))
                        r->orders[n++] = r->claims[i].order;
        *ret = (ClosingIds){ r->orders, n };
        return 0;
}

static int pay(HourRewards *r, uint32_t validator) {
        Paid *p;

        HASH_FIND(hh, r->paid, &validator, sizeof(validator), p);
        if (!p) {
                p = calloc(1, sizeof(*p));
                if (!p)
                        return -ENOMEM;
                p->validator = validator;
                HASH_ADD(hh, r->paid, validator, sizeof(p->validator), p);
        }
        p->ticks++;
        return 0;
}

static int compare_order(const void *key, const void *item) {
        const uint64_t *id = key;
        const ClosingOrder *order = item;

        return COMPARE(*id, order->id);
}

static bool is_paid(const Claim *c, const ClosingOrder *orders, size_t n) {
        const ClosingOrder *o;

        if (c->waits == 0)
                return true;
        o = n > 0 ? bsearch(&c->order, orders, n, sizeof(*orders), compare_order) : NULL;
        return o && o->validator == c->validator && c->waits <= o->patience;
}

int hour_rewards_pay(HourRewards *r, const ClosingOrder *orders, size_t n) {
        const Claim *last = NULL;
        int e = 0;

        for (size_t i = 0; e >= 0 && i < r->n_claims; i++) {
                const Claim *c = &r->claims[i];

                if ((last && compare_claims(last, c) == 0) || !is_paid(c, orders, n))
                        continue;
                last = c;
                e = pay(r, c->validator);
        }
        r->n_claims = 0;
        return e;
}

int hour_rewards_list(const HourRewards *r, ClosingReward **ret, size_t *ret_n) {
        ClosingReward *rewards = calloc(HASH_COUNT(r->paid) + 1, sizeof(*rewards));
        size_t n = 0;

        if (!rewards)
                return -ENOMEM;
        for (const Paid *p = r->paid; p; p = p->hh.next)
                rewards[n++] = (ClosingReward){ p->validator, p->ticks };
        *ret = rewards;
        *ret_n = n;
        return 0;
}
