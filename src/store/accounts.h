/* Organisations, and the tokens requests come with. Secrets are only ever kept as hashes. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct OrganisationRow {
        uint32_t id;
        Uuid public_id;
        const char *name;
} OrganisationRow;

typedef void (*OrganisationRows)(int r, const OrganisationRow *rows, size_t n, void *userdata);

/* The oldest organisation; made with this id and the name "default" when there is none. One row. */
int organisation_ensure(Store *s, const Uuid *id, OrganisationRows callback, void *userdata,
                        StoreCall **ret);

typedef enum TokenScope {
        TOKEN_READ = 1 << 0,
        TOKEN_WRITE = 1 << 1,
        TOKEN_PAYOUTS = 1 << 2,
} TokenScope;

typedef struct TokenAdd {
        uint32_t organisation;
        Uuid id;
        const char *name, *prefix;
        const uint8_t *secret_sha256; /* 32 bytes */
        unsigned scopes;              /* of TokenScope */
        usec_t expires;               /* USEC_INFINITY: never */
        const char *actor;
} TokenAdd;

int token_add(Store *s, const TokenAdd *add, StoreDone done, void *userdata, StoreCall **ret);

typedef struct TokenRow {
        uint32_t id, organisation;
        Uuid public_id;
        const char *name, *prefix;
        unsigned scopes;
        usec_t created, expires, last_used, revoked; /* USEC_INFINITY: never */
} TokenRow;

typedef void (*TokenRows)(int r, const TokenRow *rows, size_t n, void *userdata);

/* Of one organisation, the revoked and expired ones too. */
int tokens_load(Store *s, const StorePage *page, TokenRows callback, void *userdata,
                StoreCall **ret);
/* The token of this hash (32 bytes) if it is neither revoked nor expired; else n is 0. Keeps the
 * time of its last use to the minute. */
int token_find(Store *s, const uint8_t *secret_sha256, TokenRows callback, void *userdata,
               StoreCall **ret);

typedef struct TokenRevoke {
        uint32_t organisation;
        Uuid id;
        const char *actor;
} TokenRevoke;

/* -ENOENT: no such token, or revoked already. */
int token_revoke(Store *s, const TokenRevoke *revoke, StoreDone done, void *userdata,
                 StoreCall **ret);

extern const PqStatement *const accounts_statements[];
