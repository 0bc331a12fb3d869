/* Every validator the hub knows, whether connected or not, and the roster that committees are
 * chosen from. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/macro.h"
#include "base/pace.h"
#include "hub/committee.h"
#include "hub/stream.h"
#include "wire/sign.h"

#define REGISTRY_PENDING_MAX        1000 /* unknown ones waiting for approval, in memory only */
#define REGISTRY_PENDING_PREFIX_MAX 10   /* of them per /24 or /48 */
#define REGISTRY_NAME_SIZE          64

typedef enum Standing {
        STANDING_PENDING,
        STANDING_APPROVED,
        STANDING_SUSPENDED,
        _STANDING_MAX,
} Standing;

const char *standing_name(Standing s); /* "pending" */
/* -EINVAL: no such name. */
int standing_from_name(const char *name);

typedef struct Registry Registry;
typedef struct Session Session;
typedef struct ValidatorRow ValidatorRow;

typedef struct Validator {
        uint32_t id; /* of the database; 0: pending and only in memory */
        PublicKey key;
        char key_text[45]; /* base64url, for logs */
        Standing standing;
        char name[REGISTRY_NAME_SIZE], operator_name[REGISTRY_NAME_SIZE],
                        region[REGISTRY_NAME_SIZE];
        uint32_t asn;
        uint32_t abilities; /* as Candidate.abilities */
        uint64_t *tags;     /* n_tags that it declares, as Candidate.tags */
        uint8_t n_tags;
        Session *session;     /* borrowed; NULL: not connected */
        uint64_t revision;    /* of the orders it was sent; 0: none since it joined */
        StreamTable *streams; /* loaded when it joins, kept until the registry goes; NULL: not
                                 loaded */
        uint64_t prefix, block;
        usec_t connected_since, steady_until;
        usec_t displaced[3];  /* when the last three connections were taken over by another */
        usec_t refused_until; /* key in use by two machines */
        Pace joins, orders;   /* how often it joined, and asked for its orders */
        bool orders_due;      /* it asked too often: they are sent later */
        bool clock_off;
        int64_t clock_offset; /* of its wall clock to hub time, by its own word; 0: not known */
} Validator;

int registry_new(Registry **ret);
Registry *registry_free(Registry *r);
DEFINE_FREEP(Registry, registry_free);

typedef struct RegistryEntry {
        uint32_t id;
        const uint8_t *key; /* 32 bytes */
        Standing standing;
        const char *name, *operator_name, *region;
        const char *address; /* where it last came from, as numeric text; or NULL */
        const char *tags;    /* that it declares, as JSON array text; NULL: as they were */
        uint32_t asn, abilities;
        usec_t steady_until;
} RegistryEntry;

/* Adds or updates by key; borrowed until registry_forget() or the registry's end. NULL: out of
 * memory. */
Validator *registry_put(Registry *r, const RegistryEntry *e);
/* What the database says. A state without a name here waits for approval. steady_until: 0, not
 * known from before. */
Validator *registry_put_row(Registry *r, const ValidatorRow *row, usec_t steady_until);
Validator *registry_find(const Registry *r, const PublicKey *key);
Validator *registry_find_id(const Registry *r, uint32_t id);
/* 0; -ENOBUFS: too many pending, in all or of this prefix. For a validator that is in memory only.
 */
int registry_admits_pending(const Registry *r, const struct sockaddr_storage *address);

void registry_connect(Registry *r, Validator *v, const struct sockaddr_storage *address,
                      usec_t now);
/* A pending one that is in memory only is forgotten: v is gone then. */
void registry_disconnect(Registry *r, Validator *v, usec_t now);
/* 1: within ten minutes this is the third time its connection is taken over: both are refused for
 * ten minutes. */
int registry_displaced(Validator *v, usec_t now);

size_t registry_count(const Registry *r);
size_t registry_connected(const Registry *r);
/* Of these the approved ones. */
size_t registry_serving(const Registry *r);
/* The approved ones, sorted by id; valid until the next change. */
const Roster *registry_roster(const Registry *r);
/* Steps through all: the first for NULL. */
Validator *registry_next(const Registry *r, const Validator *after);
