/* Validators that websites may choose from. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/time.h"
#include "hub/idset.h"
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

#define ABILITY_IPV4     (UINT32_C(1) << 30)
#define ABILITY_IPV6     (UINT32_C(1) << 31)
#define CANDIDATE_STEADY (10 * USEC_PER_SEC)
#define CANDIDATE_MEMORY USEC_PER_DAY

/* Shared by all websites and owned by the caller. Sorted by validator, without duplicates. */
typedef struct Roster {
        const Candidate *items;
        size_t n;
        IdSetMemo *memo; /* lists of them that committees were formed of; NULL: none are kept */
} Roster;

Origin candidate_origin(const Candidate *c);
/* NULL: unknown. */
const Candidate *roster_find(const Roster *r, uint32_t validator);
/* Was connected for at least ten seconds within the last 24 h. */
bool candidate_is_eligible(const Candidate *c, usec_t now);
