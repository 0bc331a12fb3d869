/* Rendezvous hashing: every candidate has a score for every website and epoch, highest first. One
 * joining or leaving therefore moves only its own share. Caps are applied while walking that order.
 * Which seat somebody takes is seats.c. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/sha256.h"
#include "hub/committee.h"
#include "hub/verdict.h"
#include "hub/votes.h"

_Static_assert(SEATS_MAX <= CHOICE_SEATS_MAX, "a company has room for all");

/* So many of a compacted order are kept, or eight times the seats: when half the validators are
 * away, who fills the last of four seats is not among them once in a hundred thousand times. */
#define KEPT_LEAST 32u

typedef struct Ranked {
        ChoiceScore score; /* first, for choice_compare() */
        const Candidate *candidate;
} Ranked;

static const char *const assurance_names[_ASSURANCE_MAX] = {
        [ASSURANCE_SINGLE] = "single",
        [ASSURANCE_REDUCED] = "reduced",
        [ASSURANCE_FULL] = "full",
};

const char *assurance_name(Assurance a) {
        return assurance_names[a];
}

Assurance assurance_from_name(const char *name) {
        for (Assurance a = 0; a < _ASSURANCE_MAX; a++)
                if (strcmp(assurance_names[a], name) == 0)
                        return a;
        return ASSURANCE_REDUCED;
}

bool committee_admits(const Committee *c, const Candidate *candidate) {
        return !c->admits || c->admits(candidate, c->userdata);
}

static bool rule_takes(const CommitteeRule *rule, const Candidate *c, usec_t now) {
        if (!candidate_is_eligible(c, now))
                return false;
        return !rule->admits || rule->admits(c, rule->userdata);
}

static ChoiceTerms terms_of(const Committee *c) {
        return (ChoiceTerms){ c->n, c->caps, c->minima };
}

static Assurance judge_assurance(const Settled *settled) {
        const ChoiceTerms *t = &settled->terms;

        if (t->n <= 1)
                return ASSURANCE_SINGLE;
        if (t->caps != CAPS_ALL || settled->unmet || verdict_faults(t->n) == 0)
                return ASSURANCE_REDUCED;
        for (size_t i = 0; i < settled->company.n; i++) {
                const Origin *o = &settled->company.members[i];

                if (o->operator_id == 0 || o->prefix == 0 || o->block == 0 || o->asn == 0)
                        return ASSURANCE_REDUCED;
        }
        return ASSURANCE_FULL;
}

static bool origin_at(size_t i, Origin *ret, void *userdata) {
        const Committee *c = userdata;
        const Candidate *candidate = roster_find(c->roster, c->order[i]);

        if (candidate)
                *ret = candidate_origin(candidate);
        return candidate != NULL;
}

static void settle(Committee *c, const CommitteeRule *rule) {
        const ChoiceList list = { c->n_order, origin_at, c };
        Settled settled;

        choice_settle(&list, MIN(rule->seats, SEATS_MAX), &rule->minima, &settled);
        c->n = settled.terms.n;
        c->caps = settled.terms.caps;
        c->minima = settled.terms.minima;
        c->unmet = settled.unmet;
        c->assurance = judge_assurance(&settled);
}

/* keyed: with the epoch's secret, once for all. */
static void score(HmacSha256 *keyed, const Uuid *website, const Candidate *c, Ranked *ret) {
        choice_score(keyed, website, c->key, &ret->score);
        ret->candidate = c;
}

void committee_done(Committee *c) {
        free(c->order);
        id_set_unref(c->listed);
        *c = (Committee){ 0 };
}

static int begin(Committee *c, const CommitteeRule *rule, size_t n) {
        *c = (Committee){ .roster = rule->roster,
                          .website = rule->website,
                          .admits = rule->admits,
                          .userdata = rule->userdata };
        memcpy(c->secret, rule->secret, sizeof(c->secret));
        c->order = calloc(MAX(n, 1u), sizeof(*c->order));
        return c->order ? 0 : -ENOMEM;
}

static int rank(Committee *c, const CommitteeRule *rule, usec_t now) {
        _cleanup_free_ Ranked *ranked = calloc(MAX(rule->roster->n, 1u), sizeof(*ranked));
        HmacSha256 keyed;

        if (!ranked)
                return -ENOMEM;
        hmac_sha256_begin(&keyed, c->secret, sizeof(c->secret));
        for (size_t i = 0; i < rule->roster->n; i++)
                if (rule_takes(rule, &rule->roster->items[i], now))
                        score(&keyed, c->website, &rule->roster->items[i], &ranked[c->n_order++]);
        qsort(ranked, c->n_order, sizeof(*ranked), choice_compare);
        for (size_t i = 0; i < c->n_order; i++)
                c->order[i] = ranked[i].candidate->validator;
        return 0;
}

static int list(Committee *c, const uint32_t *ids, size_t n) {
        IdSet *set = id_set_new(ids, n);

        if (!set)
                return -ENOMEM;
        c->listed = c->roster->memo ? id_set_memo_share(c->roster->memo, set) : set;
        return 0;
}

int committee_form(Committee *ret, const CommitteeRule *rule, usec_t now) {
        _cleanup_(committee_done) Committee c = { 0 };
        int r = begin(&c, rule, rule->roster->n);

        if (r >= 0)
                r = rank(&c, rule, now);
        if (r >= 0)
                r = list(&c, c.order, c.n_order);
        if (r < 0)
                return r;
        settle(&c, rule);
        *ret = c;
        c = (Committee){ 0 };
        return 0;
}

static void settle_again(Committee *c, const CommitteeRule *rule, const CommitteePast *past) {
        if (past->settled) {
                c->caps = past->caps;
                c->unmet = past->unmet;
                c->minima = past->unmet ? (Minima){ 0 } : rule->minima;
        } else
                settle(c, rule);
        c->n = past->n;
}

int committee_restore(Committee *ret, const CommitteeRule *rule, const CommitteePast *past) {
        _cleanup_(committee_done) Committee c = { 0 };
        int r = begin(&c, rule, past->n_order);

        if (r < 0)
                return r;
        if (past->n_order > 0)
                memcpy(c.order, past->order, past->n_order * sizeof(*past->order));
        c.n_order = past->n_order;
        if (past->listed)
                r = list(&c, past->listed, past->n_listed);
        else
                r = list(&c, past->order, past->n_order);
        if (r < 0)
                return r;
        settle_again(&c, rule, past);
        committee_compact(&c);
        *ret = c;
        c = (Committee){ 0 };
        return 0;
}

size_t committee_known(size_t n_order, uint8_t n) {
        return MIN(n_order, MAX(KEPT_LEAST, 8u * n));
}

void committee_compact(Committee *c) {
        size_t kept = committee_known(c->n_order, c->n);
        uint32_t *order = kept < c->n_order ? realloc(c->order, kept * sizeof(*order)) : NULL;

        if (!order)
                return;
        c->order = order;
        c->n_order = kept;
}

uint8_t committee_size(const CommitteeRule *rule, usec_t now) {
        const ChoiceTerms loosest = { .n = MIN(rule->seats, SEATS_MAX), .caps = CAPS_OPERATOR };
        Company company = { .n = 0 };

        for (size_t i = 0; i < rule->roster->n && company.n < loosest.n; i++) {
                const Candidate *c = &rule->roster->items[i];
                Origin origin = candidate_origin(c);

                if (rule_takes(rule, c, now) && choice_allows(&loosest, &company, &origin))
                        company.members[company.n++] = origin;
        }
        return company.n;
}

static bool is_allowed(const Committee *c, const Company *company, const Candidate *candidate) {
        ChoiceTerms terms = terms_of(c);
        Origin origin = candidate_origin(candidate);

        return choice_allows(&terms, company, &origin) && committee_admits(c, candidate);
}

/* The highest score is the first in order. */
static uint32_t first_of_all(const Committee *c, const Company *company, CandidateUsable usable,
                             void *userdata) {
        Ranked first = { 0 }, next;
        HmacSha256 keyed;

        hmac_sha256_begin(&keyed, c->secret, sizeof(c->secret));
        for (size_t i = 0; i < c->roster->n; i++) {
                const Candidate *candidate = &c->roster->items[i];

                if (!committee_lists(c, candidate->validator) || !usable(candidate, userdata) ||
                    !is_allowed(c, company, candidate))
                        continue;
                score(&keyed, c->website, candidate, &next);
                if (!first.candidate || choice_compare(&next.score, &first.score) < 0)
                        first = next;
        }
        return first.candidate ? first.candidate->validator : 0;
}

static void gather(const Committee *c, const uint32_t *seated, size_t n, Company *ret) {
        ret->n = 0;
        for (size_t i = 0; i < n && i < SEATS_MAX; i++) {
                const Candidate *member = roster_find(c->roster, seated[i]);

                if (member)
                        ret->members[ret->n++] = candidate_origin(member);
        }
}

bool committee_suffices(const Committee *c, const uint32_t *seated, size_t n) {
        ChoiceTerms terms = terms_of(c);
        Company company;

        gather(c, seated, n, &company);
        return choice_suffices(&terms, &company);
}

uint32_t committee_next(const Committee *c, const uint32_t *seated, size_t n,
                        CandidateUsable usable, void *userdata) {
        Company company;

        gather(c, seated, n, &company);
        for (size_t i = 0; i < c->n_order; i++) {
                const Candidate *next = roster_find(c->roster, c->order[i]);

                if (next && usable(next, userdata) && is_allowed(c, &company, next))
                        return next->validator;
        }
        return first_of_all(c, &company, usable, userdata);
}

bool committee_lists(const Committee *c, uint32_t validator) {
        return id_set_has(c->listed, validator);
}
