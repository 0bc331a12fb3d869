/* Who checks a website: rendezvous order of the candidates under caps of operator, prefix and
 * network. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/time.h"
#include "wire/choice.h"

/* One approved validator, as the caller's roster holds it. Zero means "not known" in operator,
 * prefix, block and asn. */
typedef struct Candidate {
        uint32_t validator; /* database id */
        uint8_t key[32];
        uint64_t operator_id;   /* assigned by the admin */
        uint64_t prefix;        /* identifies its /24 (IPv4) or /48 (IPv6) */
        uint64_t block;         /* identifies its /16 (IPv4) or /32 (IPv6) */
        uint32_t asn, region;   /* assigned by the admin */
        uint32_t abilities;     /* kinds of checks it can do: a bit for each CheckType, ABILITY_* */
        usec_t connected_since; /* 0: not connected now */
        /* last moment seen connected after at least CANDIDATE_STEADY of it; 0: never */
        usec_t steady_until;
        const uint64_t *tags; /* n_tags that it declares, as text_id() of hub/rules.h; borrowed */
        uint8_t n_tags;
} Candidate;

Origin candidate_origin(const Candidate *c);

#define ABILITY_IPV4     (UINT32_C(1) << 30)
#define ABILITY_IPV6     (UINT32_C(1) << 31)
#define CANDIDATE_STEADY (10 * USEC_PER_SEC)
#define CANDIDATE_MEMORY USEC_PER_DAY

/* Shared by all websites and owned by the caller. Sorted by validator, without duplicates. */
typedef struct Roster {
        const Candidate *items;
        size_t n;
} Roster;

typedef enum Assurance {
        ASSURANCE_SINGLE, /* one seat or none */
        /* no fault is tolerated, or the caps could not be met or not be checked */
        ASSURANCE_REDUCED,
        ASSURANCE_FULL,
        _ASSURANCE_MAX,
} Assurance;

const char *assurance_name(Assurance a);

/* NULL: unknown. */
const Candidate *roster_find(const Roster *r, uint32_t validator);
/* Was connected for at least ten seconds within the last 24 h. */
bool candidate_is_eligible(const Candidate *c, usec_t now);

/* Database ids: as bits where that is shorter, else sorted. */
typedef struct IdSet {
        union {
                uint8_t *bits; /* n bytes */
                uint32_t *ids; /* n of them */
        };
        uint32_t n;
        bool as_bits;
} IdSet;

/* The eligible validators in rendezvous order, and what they can fill. Who keeps it for long
 * compacts it: then it is a few names and the set of all. */
typedef struct Committee {
        const Roster *roster;                               /* borrowed */
        bool (*admits)(const Candidate *c, void *userdata); /* the rule's: who may still be next */
        void *userdata;
        const Uuid *website; /* borrowed */
        uint8_t secret[32];
        uint32_t *order; /* all, or the first of them */
        size_t n_order;
        IdSet listed;
        uint8_t n; /* seats */
        CapLevel caps;
        Minima minima; /* that hold */
        bool unmet;    /* what the rule asks for could not be met, so no minima hold */
        Assurance assurance;
} Committee;

typedef struct CommitteeRule {
        const Roster *roster;
        const Uuid *website;                                /* borrowed as long as it stands */
        const uint8_t *secret;                              /* 32 bytes */
        uint8_t seats;                                      /* configured */
        Minima minima;                                      /* of different ones; zeros: none */
        bool (*admits)(const Candidate *c, void *userdata); /* NULL: all */
        void *userdata;
} CommitteeRule;

typedef bool (*CandidateUsable)(const Candidate *c, void *userdata);

void committee_done(Committee *c);
/* Ranks who is eligible now and settles n, caps and assurance. n = 0: nobody is. -ENOMEM. */
int committee_form(Committee *ret, const CommitteeRule *rule, usec_t now);
/* The same from a list ranked before, compacted; n is what that epoch has, whoever is left now. */
int committee_restore(Committee *ret, const CommitteeRule *rule, const uint32_t *order,
                      size_t n_order, uint8_t n);
/* Forgets the order but for its beginning. Who comes next is found as before. */
void committee_compact(Committee *c);
/* The seats that could be filled now: min(configured, distinct operators among the eligible). */
uint8_t committee_size(const CommitteeRule *rule, usec_t now);
/* The first in order whom `usable` takes and whom the caps allow beside the seated (unknown ids and
 * 0 among them count for nothing); 0: nobody. Costs a score for each of the usable when none of
 * those whose order is known will do. */
uint32_t committee_next(const Committee *c, const uint32_t *seated, size_t n,
                        CandidateUsable usable, void *userdata);
/* The rule still admits it: that can change while an epoch runs. */
bool committee_admits(const Committee *c, const Candidate *candidate);
/* Those who sit are different enough, or the free seats may still make them so. */
bool committee_suffices(const Committee *c, const uint32_t *seated, size_t n);
bool committee_lists(const Committee *c, uint32_t validator);
