/* How a committee is chosen of those who are eligible, so that who knows an epoch's secret can do
 * it again: the highest scores first, under caps, and with as many different regions, networks and
 * operators as its website's rules ask for.
 *
 *      score  = HMAC-SHA-256(epoch secret, website | key); equal ones by ascending key
 *      leaf   = key | HMAC-SHA-256(salt, origin), of the eligible list's RFC 6962 tree, by
 *               ascending key; the salt is the hub's secret
 *      origin = operator u64 | prefix u64 | block u64 | asn u32 | region u32, big-endian
 *
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/sha256.h"
#include "wire/sign.h"

#define CHOICE_SEATS_MAX   64
#define CHOICE_ORIGIN_SIZE 32
#define CHOICE_LEAF_SIZE   64

/* Where a validator is from; zero is "not known". */
typedef struct Origin {
        uint64_t operator_id;
        uint64_t prefix; /* its /24 or /48 */
        uint64_t block;  /* its /16 or /32 */
        uint32_t asn, region;
} Origin;

void origin_encode(const Origin *o, uint8_t ret[static CHOICE_ORIGIN_SIZE]);
void origin_decode(const uint8_t bytes[static CHOICE_ORIGIN_SIZE], Origin *ret);

/* By which a website's choice is ordered. */
typedef struct ChoiceScore {
        uint8_t bytes[SHA256_SIZE];
        const uint8_t *key; /* whose it is, 32 bytes; borrowed */
} ChoiceScore;

/* keyed: with the epoch's secret, once for all. */
void choice_score(HmacSha256 *keyed, const Uuid *website, const uint8_t key[static 32],
                  ChoiceScore *ret);
/* For qsort(), of scores or of what begins with one: the greater score comes first, of equal ones
 * the smaller key. */
int choice_compare(const void *a, const void *b);
void choice_leaf(const uint8_t key[static 32], const uint8_t salt[static 32], const Origin *o,
                 uint8_t ret[static CHOICE_LEAF_SIZE]);
/* Sorts the leaves by key. -ENOMEM. */
int choice_root(uint8_t (*leaves)[CHOICE_LEAF_SIZE], size_t n, Hash *ret);

/* Which caps hold. One seat per operator always does; the others give way, in this order, only if
 * the eligible ones, present or not, could not fill the seats otherwise. */
typedef enum CapLevel {
        CAPS_ALL,      /* one per prefix, a third (rounded up) per block and ASN */
        CAPS_PREFIX,   /* one per prefix */
        CAPS_OPERATOR, /* one per operator only */
        _CAPS_MAX,
} CapLevel;

const char *cap_level_name(CapLevel caps); /* "all" */
int cap_level_from_name(const char *name); /* -EINVAL */

/* How many different ones there have to be; 0: no matter. What is not known is never counted. */
typedef struct Minima {
        uint8_t regions, asns, operators;
} Minima;

bool minima_ask(const Minima *m); /* for anything */

typedef struct ChoiceTerms {
        uint8_t n; /* seats */
        CapLevel caps;
        Minima minima; /* those that hold: all zeros if they could not be met */
} ChoiceTerms;

/* Who sits already. */
typedef struct Company {
        Origin members[CHOICE_SEATS_MAX];
        size_t n;
} Company;

/* May it sit beside them? With every seat that is taken, those left must still be enough for what
 * the minima lack. */
bool choice_allows(const ChoiceTerms *t, const Company *company, const Origin *next);

/* With those who sit, the free seats are enough for what the minima lack. */
bool choice_suffices(const ChoiceTerms *t, const Company *company);

/* The eligible ones, highest score first. */
typedef struct ChoiceList {
        size_t n;
        bool (*at)(size_t i, Origin *ret, void *userdata); /* false: it is no more */
        void *userdata;
} ChoiceList;

typedef struct Settled {
        ChoiceTerms terms;
        bool unmet;                      /* what the minima ask for could not be met */
        Company company;                 /* who sits if all are present: terms.n of them */
        size_t places[CHOICE_SEATS_MAX]; /* theirs in the list, as they were taken */
} Settled;

/* As many seats as the loosest caps fill; then what the minima ask for; then the strictest caps. */
void choice_settle(const ChoiceList *list, uint8_t seats, const Minima *wanted, Settled *ret);
