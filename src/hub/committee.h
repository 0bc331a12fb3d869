/* Who checks a website: rendezvous order of the candidates under caps of operator, prefix and
 * network. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/idset.h"
#include "hub/roster.h"

typedef enum Assurance {
        ASSURANCE_SINGLE, /* one seat or none */
        /* no fault is tolerated, or the caps could not be met or not be checked */
        ASSURANCE_REDUCED,
        ASSURANCE_FULL,
        _ASSURANCE_MAX,
} Assurance;

const char *assurance_name(Assurance a);
Assurance assurance_from_name(const char *name); /* unknown names are REDUCED */

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
        IdSet *listed; /* all; many have the same */
        uint8_t n;     /* seats */
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
/* What is known of one that was formed before. */
typedef struct CommitteePast {
        const uint32_t *order; /* n_order, the first in rendezvous order: committee_known() of them
                                */
        size_t n_order;
        const uint32_t *listed; /* n_listed, in any order; NULL: the order has all */
        size_t n_listed;
        uint8_t n;
        bool settled; /* on what follows; else that is settled anew, from the order */
        CapLevel caps;
        bool unmet;
} CommitteePast;

/* The same again, compacted; n is what that epoch has, whoever is left now. */
int committee_restore(Committee *ret, const CommitteeRule *rule, const CommitteePast *past);
/* How much of the order is enough to go on with n seats. */
size_t committee_known(size_t n_order, uint8_t n);
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
