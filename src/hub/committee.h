/* Who checks a website: rendezvous order of the candidates under caps of operator, prefix and
 * network. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/time.h"

/* One approved validator, as the caller's roster holds it. Zero means "not known" in operator,
 * prefix, block and asn. */
typedef struct Candidate {
        uint32_t validator; /* database id */
        uint8_t key[32];
        uint64_t operator_id;   /* assigned by the admin */
        uint64_t prefix;        /* identifies its /24 (IPv4) or /48 (IPv6) */
        uint64_t block;         /* identifies its /16 (IPv4) or /32 (IPv6) */
        uint32_t asn, region;   /* assigned by the admin */
        usec_t connected_since; /* 0: not connected now */
        /* last moment seen connected after at least CANDIDATE_STEADY of it; 0: never */
        usec_t steady_until;
} Candidate;

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
