/* Validators: who ever joined, what the admin says of them, who is connected. */
#pragma once

#include "store/store.h"

typedef struct ValidatorRow {
        uint32_t id;
        uint8_t key[32];
        const char *name, *state;           /* "pending", "approved", "suspended" */
        const char *operator_name, *region; /* by the admin; "" unknown */
        const char *tags;                   /* declared, as JSON array text */
        const char *capabilities;           /* declared, separated by commas */
        const char *version, *address;      /* address may be NULL */
        uint32_t asn;                       /* by the admin; 0 unknown */
        bool connected;
        usec_t last_connected, last_seen, approved; /* USEC_INFINITY: never */
        usec_t steady;    /* was connected for ten seconds, in a connection before this one */
        int64_t lamports; /* balance; of validators_page() and validator_find() only */
} ValidatorRow;

typedef void (*ValidatorRows)(int r, const ValidatorRow *rows, size_t n, void *userdata);

int validators_load(Store *s, ValidatorRows callback, void *userdata, StoreCall **ret);

typedef struct ValidatorPage {
        const char *state;    /* only these; NULL: all */
        const uint8_t *after; /* 32 bytes, the last key of the page before; NULL: from the start */
        unsigned limit;
} ValidatorPage;

/* By key. */
int validators_page(Store *s, const ValidatorPage *page, ValidatorRows callback, void *userdata,
                    StoreCall **ret);
/* One row; -ENOENT: no such key. */
int validator_find(Store *s, const uint8_t *key, ValidatorRows callback, void *userdata,
                   StoreCall **ret);

typedef struct ValidatorJoin {
        const uint8_t *key;                   /* 32 bytes */
        const char *name, *version, *address; /* address: numeric, or NULL */
        const char *const *tags;              /* n_tags of them */
        size_t n_tags;
        const char *const *capabilities; /* n_capabilities of them */
        size_t n_capabilities;
        bool approve; /* when it is new (loopback peer, open admission) */
        usec_t now;
} ValidatorJoin;

/* Makes or updates the row and marks it connected; one row back. */
int validator_join(Store *s, const ValidatorJoin *join, ValidatorRows callback, void *userdata,
                   StoreCall **ret);

typedef struct ValidatorSet {
        const uint8_t *key; /* 32 bytes */
        const char *state;  /* NULL: as it is; likewise the others */
        const char *operator_name, *region;
        int64_t asn; /* -1: as it is */
        const char *actor;
} ValidatorSet;

/* One row back; -ENOENT: no such key. */
int validator_set(Store *s, const ValidatorSet *set, ValidatorRows callback, void *userdata,
                  StoreCall **ret);

void validator_gone_put(PqTransaction *t, uint32_t validator, usec_t now);
/* At the hub's start: those still connected were so until the hub before it was last alive. */
void validators_disconnect_all(PqTransaction *t, usec_t seen);

/* GET /api/v1/validators */
int validators_json(Store *s, StoreJson callback, void *userdata, StoreCall **ret);

extern const PqStatement *const validators_statements[];
