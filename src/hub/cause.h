/* Why an incident is what it is, in one sentence for people, made of the seats that saw it: "The
 * connection was refused, seen by 3 of 4 in 2 regions; 1 is missing". Written here and nowhere
 * else; what error classes mean is said by wire/tick.h. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "hub/incident.h"
#include "hub/verdict.h"
#include "hub/votes.h"

#define CAUSE_SIZE 320

typedef struct CauseSeat {
        VoteOutcome outcome;
        uint8_t error_class; /* 0: none */
        bool sees;           /* it saw what this is about */
        const char *region;  /* borrowed; "": none is assigned */
} CauseSeat;

/* A region whose panel makes the verdict PARTIAL: the seats do not decide then. */
typedef struct CauseRegion {
        const char *name; /* borrowed; "": not known any more */
        uint8_t n, down;  /* validators that are asked there; that say down */
} CauseRegion;

typedef struct CauseFacts {
        IncidentKind kind;
        bool open; /* false: it has just been closed */
        VerdictCause cause;
        const CauseSeat *seats;
        size_t n;
        const CauseRegion *regions;
        size_t n_regions;
        usec_t now, called;   /* called: of websites that call, the last time; 0: never */
        uint16_t expiry_days; /* the certificate's end, days since 1970; 0: not known */
} CauseFacts;

/* Without a full stop. Returns ret. */
const char *cause_sentence(const CauseFacts *f, char ret[static CAUSE_SIZE]);
/* The regions of those who saw it, each once: of panels, then in the order of seats; borrowed. */
size_t cause_regions(const CauseFacts *f, const char *ret[static SEATS_MAX]);
