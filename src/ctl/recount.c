/* Each check stands for itself: one that fails does not hide what the others find. */
#include "ctl/recount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "wire/merkle.h"

static const char *const finding_names[_RECOUNT_FINDING_MAX] = {
        [RECOUNT_AGREES] = "agrees",
        [RECOUNT_DIFFERS] = "differs",
        [RECOUNT_OPEN] = "open",
};

static const char *const check_names[_RECOUNT_CHECK_MAX] = {
        [RECOUNT_SECRET] = "secret", [RECOUNT_LIST] = "list", [RECOUNT_SCORES] = "scores",
        [RECOUNT_SEATS] = "seats",   [RECOUNT_CAPS] = "caps", [RECOUNT_RULES] = "rules",
};

const char *recount_finding_name(RecountFinding f) {
        return finding_names[f];
}

const char *recount_check_name(RecountCheck c) {
        return check_names[c];
}

static RecountFinding finding(bool agrees) {
        return agrees ? RECOUNT_AGREES : RECOUNT_DIFFERS;
}

/* The list ------------------------------------------------------------------------------------- */

static void leaf_of(const RecountListed *l, uint8_t ret[static CHOICE_LEAF_SIZE]) {
        Origin origin;

        if (l->salted) {
                origin_decode(l->origin, &origin);
                choice_leaf(l->key, l->salt, &origin, ret);
                return;
        }
        memcpy(ret, l->key, sizeof(l->key));
        memcpy(ret + sizeof(l->key), l->origin, sizeof(l->origin));
}

static int check_list(const RecountEpoch *e, Recount *r) {
        _cleanup_free_ uint8_t(*leaves)[CHOICE_LEAF_SIZE] =
                        calloc(MAX(e->n_listed, 1u), sizeof(*leaves));
        Hash root;
        int k;

        if (!leaves)
                return -ENOMEM;
        for (size_t i = 0; i < e->n_listed; i++)
                leaf_of(&e->listed[i], leaves[i]);
        k = choice_root(leaves, e->n_listed, &root);
        if (k < 0)
                return k;
        r->checks[RECOUNT_LIST] = finding(hash_equal(&root, &e->root));
        return 0;
}

/* Scores --------------------------------------------------------------------------------------- */

typedef struct Scored {
        ChoiceScore score; /* first, for choice_compare() */
        size_t at;
} Scored;

static int check_scores(const RecountEpoch *e, Recount *r) {
        _cleanup_free_ Scored *scored = calloc(MAX(e->n_listed, 1u), sizeof(*scored));
        bool sorted = true;
        HmacSha256 keyed;

        r->ranking = calloc(MAX(e->n_listed, 1u), sizeof(*r->ranking));
        if (!scored || !r->ranking)
                return -ENOMEM;
        hmac_sha256_begin(&keyed, e->secret, SHA256_SIZE);
        for (size_t i = 0; i < e->n_listed; i++) {
                choice_score(&keyed, &e->website, e->listed[i].key, &scored[i].score);
                scored[i].at = i;
        }
        qsort(scored, e->n_listed, sizeof(*scored), choice_compare);
        for (size_t i = 0; i < e->n_listed; i++) {
                r->ranking[i] = scored[i].at;
                sorted = sorted && scored[i].at == i;
        }
        r->checks[RECOUNT_SCORES] = finding(sorted);
        return 0;
}

/* The choice ----------------------------------------------------------------------------------- */

typedef struct Ranked {
        const RecountEpoch *epoch;
        const Recount *recount;
} Ranked;

static bool origin_at(size_t i, Origin *ret, void *userdata) {
        const Ranked *ranked = userdata;

        origin_decode(ranked->epoch->listed[ranked->recount->ranking[i]].origin, ret);
        return true;
}

static bool origins_are_told(const RecountEpoch *e) {
        for (size_t i = 0; i < e->n_listed; i++)
                if (!e->listed[i].salted)
                        return false;
        return e->asked > 0;
}

static void check_choice(const RecountEpoch *e, Recount *r) {
        Ranked ranked = { e, r };
        const ChoiceList list = { e->n_listed, origin_at, &ranked };

        if (!origins_are_told(e))
                return;
        choice_settle(&list, e->asked, &e->minima, &r->settled);
        r->checks[RECOUNT_SEATS] = finding(r->settled.terms.n == e->n);
        r->checks[RECOUNT_CAPS] = finding(r->settled.terms.caps == e->caps);
        r->checks[RECOUNT_RULES] = finding(r->settled.unmet == e->unmet);
}

static int check_all(const RecountEpoch *e, Recount *r) {
        Hash commitment;
        int k;

        hash_bytes(e->secret, SHA256_SIZE, &commitment);
        r->checks[RECOUNT_SECRET] = finding(hash_equal(&commitment, &e->commitment));
        k = check_list(e, r);
        if (k >= 0)
                k = check_scores(e, r);
        if (k >= 0)
                check_choice(e, r);
        return k;
}

int recount_epoch(const RecountEpoch *e, Recount *ret) {
        Recount r = { 0 };
        int k;

        for (int i = 0; i < _RECOUNT_CHECK_MAX; i++)
                r.checks[i] = RECOUNT_OPEN;
        k = e->secret ? check_all(e, &r) : 0;
        if (k < 0)
                recount_done(&r);
        else
                *ret = r;
        return k;
}

void recount_done(Recount *r) {
        free(r->ranking);
        *r = (Recount){ 0 };
}

/* Orders --------------------------------------------------------------------------------------- */

/* Which leaf of the frame it was is not stored: each hash of the path may be on either side. A node
 * is the root over two leaves. */
static bool leads_to(const Hash *from, const RecountOrder *o, size_t step) {
        Hash pair[2] = { *from, *from }, node;

        if (step == o->n_path)
                return hash_equal(from, &o->root);
        for (int side = 0; side < 2; side++) {
                pair[side] = o->path[step];
                pair[!side] = *from;
                merkle_root(pair, 2, &node);
                if (leads_to(&node, o, step + 1))
                        return true;
        }
        return false;
}

static bool is_signed(const RecountEpoch *e, const RecountOrder *o) {
        const SignScope scope = { e->network, o->validator };
        const Statement s = { DOMAIN_ORDERS, &scope, o->root.bytes, sizeof(o->root.bytes) };
        Hash leaf;

        return o->n_path <= RECOUNT_PATH_MAX && order_leaf(&scope, o->bytes, o->n, &leaf) == 0 &&
               leads_to(&leaf, o, 0) && sign_verify(&e->network, &s, &o->signature) == 0;
}

/* NULL: nothing. */
static const char *find_fault(const RecountEpoch *e, const RecountOrder *o, const Order *order) {
        if (!uuid_equal(&order->website, &e->website))
                return "it is for another website";
        if (o->sent && !is_signed(e, o))
                return "it is not signed by the network's key";
        if (order->epoch.number != e->number)
                return order->epoch.number > e->number ? "it is of a later epoch" : NULL;
        if (!hash_equal(&order->epoch.commitment, &e->commitment))
                return "it commits to another secret";
        if (!hash_equal(&order->epoch.eligible, &e->root))
                return "it commits to another list";
        return order->n == e->n ? NULL : "it is for another number of seats";
}

/* From 1; 0: it is not on the list. */
static size_t place_of(const RecountEpoch *e, const Recount *r, const PublicKey *key) {
        for (size_t i = 0; i < e->n_listed; i++)
                if (memcmp(e->listed[r->ranking[i]].key, key->bytes, sizeof(key->bytes)) == 0)
                        return i + 1;
        return 0;
}

static bool is_chosen(const Recount *r, size_t place) {
        for (size_t i = 0; place > 0 && i < r->settled.company.n; i++)
                if (r->settled.places[i] == place - 1)
                        return true;
        return false;
}

static void judge_holder(const Recount *r, bool kept, RecountSeat *seat) {
        seat->finding = RECOUNT_AGREES;
        if (seat->chosen)
                seat->note = kept ? "chosen, with an order of before" : "chosen";
        else if (seat->place == 0 && !kept) {
                seat->finding = RECOUNT_DIFFERS;
                seat->note = "its holder was not eligible";
        } else if (kept)
                seat->note = "of an epoch before, until a successor came";
        else if (r->checks[RECOUNT_SEATS] == RECOUNT_OPEN) {
                seat->finding = RECOUNT_OPEN;
                seat->note = "caps cannot be applied";
        } else
                seat->note = "stood in for one that was chosen";
}

void recount_order(const RecountEpoch *e, const Recount *r, const RecountOrder *o,
                   RecountSeat *ret) {
        const char *fault;
        Order order;

        *ret = (RecountSeat){ .finding = RECOUNT_DIFFERS, .note = "it is not understood" };
        if (order_decode(o->bytes, o->n, &order) < 0)
                return;
        if (e->secret)
                ret->place = place_of(e, r, &o->validator);
        ret->chosen = is_chosen(r, ret->place);
        fault = find_fault(e, o, &order);
        if (fault)
                ret->note = fault;
        else if (e->secret)
                judge_holder(r, order.epoch.number != e->number, ret);
        else {
                ret->finding = RECOUNT_OPEN;
                ret->note = order.epoch.number == e->number ? "it commits to this epoch"
                                                            : "of an epoch before";
        }
}
