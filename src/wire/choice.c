/* Caps and minima are applied while walking the order of scores. Whoever is refused for a cap stays
 * refused; whoever is refused for a minimum may have its turn when that is met. */
#include "wire/choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "wire/bytes.h"
#include "wire/merkle.h"

static const char *const cap_names[_CAPS_MAX] = {
        [CAPS_ALL] = "all",
        [CAPS_PREFIX] = "prefix",
        [CAPS_OPERATOR] = "operator",
};

const char *cap_level_name(CapLevel caps) {
        return cap_names[caps];
}

int cap_level_from_name(const char *name) {
        for (int i = 0; i < _CAPS_MAX; i++)
                if (strcmp(name, cap_names[i]) == 0)
                        return i;
        return -EINVAL;
}

bool minima_ask(const Minima *m) {
        return m->regions > 0 || m->asns > 0 || m->operators > 0;
}

/* Bytes ---------------------------------------------------------------------------------------- */

void origin_encode(const Origin *o, uint8_t ret[static CHOICE_ORIGIN_SIZE]) {
        ByteWriter w = byte_writer(ret, CHOICE_ORIGIN_SIZE);

        write_u64(&w, o->operator_id);
        write_u64(&w, o->prefix);
        write_u64(&w, o->block);
        write_u32(&w, o->asn);
        write_u32(&w, o->region);
}

void origin_decode(const uint8_t bytes[static CHOICE_ORIGIN_SIZE], Origin *ret) {
        ByteReader r = byte_reader(bytes, CHOICE_ORIGIN_SIZE);

        ret->operator_id = read_u64(&r);
        ret->prefix = read_u64(&r);
        ret->block = read_u64(&r);
        ret->asn = read_u32(&r);
        ret->region = read_u32(&r);
}

void choice_score(HmacSha256 *keyed, const Uuid *website, const uint8_t key[static 32],
                  ChoiceScore *ret) {
        hmac_sha256_add(keyed, website->bytes, sizeof(*website));
        hmac_sha256_add(keyed, key, SIGN_PUBLIC_SIZE);
        hmac_sha256_end(keyed, ret->bytes);
        ret->key = key;
}

int choice_compare(const void *a, const void *b) {
        const ChoiceScore *x = a, *y = b;
        int r = memcmp(y->bytes, x->bytes, sizeof(x->bytes));

        return r != 0 ? r : memcmp(x->key, y->key, SIGN_PUBLIC_SIZE);
}

void choice_leaf(const uint8_t key[static 32], const uint8_t salt[static 32], const Origin *o,
                 uint8_t ret[static CHOICE_LEAF_SIZE]) {
        uint8_t origin[CHOICE_ORIGIN_SIZE];

        origin_encode(o, origin);
        memcpy(ret, key, SIGN_PUBLIC_SIZE);
        hmac_sha256(salt, origin, sizeof(origin), ret + SIGN_PUBLIC_SIZE);
}

static int compare_leaves(const void *a, const void *b) {
        return memcmp(a, b, SIGN_PUBLIC_SIZE);
}

int choice_root(uint8_t (*leaves)[CHOICE_LEAF_SIZE], size_t n, Hash *ret) {
        _cleanup_free_ Hash *hashes = calloc(MAX(n, 1u), sizeof(*hashes));

        if (!hashes)
                return -ENOMEM;
        if (n > 0)
                qsort(leaves, n, sizeof(*leaves), compare_leaves);
        for (size_t i = 0; i < n; i++)
                merkle_leaf(leaves[i], sizeof(leaves[i]), NULL, 0, &hashes[i]);
        merkle_root(hashes, n, ret);
        return 0;
}

/* Caps ----------------------------------------------------------------------------------------- */

static bool same_operator(const Company *company, const Origin *o) {
        for (size_t i = 0; o->operator_id != 0 && i < company->n; i++)
                if (company->members[i].operator_id == o->operator_id)
                        return true;
        return false;
}

static bool same_prefix(const Company *company, const Origin *o) {
        for (size_t i = 0; o->prefix != 0 && i < company->n; i++)
                if (company->members[i].prefix == o->prefix)
                        return true;
        return false;
}

static bool crowds_network(const Company *company, const Origin *o, uint8_t n) {
        uint8_t cap = (n + 2) / 3, block = 0, asn = 0;

        for (size_t i = 0; i < company->n; i++) {
                block += o->block != 0 && company->members[i].block == o->block;
                asn += o->asn != 0 && company->members[i].asn == o->asn;
        }
        return block >= cap || asn >= cap;
}

/* Minima --------------------------------------------------------------------------------------- */

typedef uint64_t (*Trait)(const Origin *o);

static uint64_t region_of(const Origin *o) {
        return o->region;
}

static uint64_t asn_of(const Origin *o) {
        return o->asn;
}

static uint64_t operator_of(const Origin *o) {
        return o->operator_id;
}

static bool is_new(const Company *company, size_t n, Trait trait, const Origin *o) {
        for (size_t i = 0; i < n; i++)
                if (trait(&company->members[i]) == trait(o))
                        return false;
        return trait(o) != 0;
}

static unsigned lacking(const Company *company, Trait trait, unsigned wanted) {
        unsigned distinct = 0;

        for (size_t i = 0; wanted > 0 && i < company->n; i++)
                distinct += is_new(company, i, trait, &company->members[i]);
        return wanted - MIN(wanted, distinct);
}

/* How many steps are missing, over all minima, and how many of them this one takes. Steps: each is
 * a value that was not there. */
static unsigned count_missing(const Minima *m, const Company *company, const Origin *next,
                              unsigned *ret_gain) {
        const struct {
                Trait trait;
                uint8_t wanted;
        } kinds[] = { { region_of, m->regions },
                      { asn_of, m->asns },
                      { operator_of, m->operators } };
        unsigned missing = 0;

        *ret_gain = 0;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                unsigned n = lacking(company, kinds[i].trait, kinds[i].wanted);

                missing += n;
                *ret_gain += n > 0 && next && is_new(company, company->n, kinds[i].trait, next);
        }
        return missing;
}

/* A seat can always take a step of one kind. Where there are more steps than seats, only whoever
 * takes several at once will do. */
static bool leaves_enough(const ChoiceTerms *t, const Company *company, const Origin *next) {
        unsigned gain, missing;

        if (!minima_ask(&t->minima))
                return true;
        missing = count_missing(&t->minima, company, next, &gain);
        return gain >= 2 || missing + company->n + 1 <= (unsigned)t->n + gain;
}

bool choice_suffices(const ChoiceTerms *t, const Company *company) {
        unsigned gain;

        return count_missing(&t->minima, company, NULL, &gain) + company->n <= t->n;
}

bool choice_allows(const ChoiceTerms *t, const Company *company, const Origin *next) {
        if (company->n >= CHOICE_SEATS_MAX || same_operator(company, next))
                return false;
        if (t->caps <= CAPS_PREFIX && same_prefix(company, next))
                return false;
        if (t->caps == CAPS_ALL && crowds_network(company, next, t->n))
                return false;
        return leaves_enough(t, company, next);
}

/* Choosing ------------------------------------------------------------------------------------- */

static bool is_taken(const Settled *c, size_t place) {
        for (size_t i = 0; i < c->company.n; i++)
                if (c->places[i] == place)
                        return true;
        return false;
}

/* From this place on; false: nobody may. */
static bool take_next(const ChoiceList *list, size_t from, Settled *c) {
        Origin next;

        for (size_t i = from; i < list->n; i++) {
                if (is_taken(c, i) || !list->at(i, &next, list->userdata) ||
                    !choice_allows(&c->terms, &c->company, &next))
                        continue;
                c->places[c->company.n] = i;
                c->company.members[c->company.n++] = next;
                return true;
        }
        return false;
}

static void walk(const ChoiceList *list, Settled *c) {
        bool anew = minima_ask(&c->terms.minima);
        size_t from = 0;

        c->company.n = 0;
        while (c->company.n < c->terms.n && take_next(list, from, c))
                from = anew ? 0 : c->places[c->company.n - 1] + 1;
}

static bool fills(const Settled *c) {
        return c->company.n == c->terms.n && choice_suffices(&c->terms, &c->company);
}

/* The strictest caps with which all seats are filled, and as the minima say. */
static bool find_caps(const ChoiceList *list, const Minima *minima, Settled *c) {
        c->terms.minima = *minima;
        for (CapLevel caps = CAPS_ALL; caps <= CAPS_OPERATOR; caps++) {
                c->terms.caps = caps;
                walk(list, c);
                if (fills(c))
                        return true;
        }
        return false;
}

void choice_settle(const ChoiceList *list, uint8_t seats, const Minima *wanted, Settled *ret) {
        static const Minima none = { 0 };

        *ret = (Settled){ .terms = { .n = MIN(seats, CHOICE_SEATS_MAX), .caps = CAPS_OPERATOR } };
        walk(list, ret);
        ret->terms.n = (uint8_t)ret->company.n;
        if (minima_ask(wanted) && find_caps(list, wanted, ret))
                return;
        ret->unmet = minima_ask(wanted);
        (void)find_caps(list, &none, ret);
}
