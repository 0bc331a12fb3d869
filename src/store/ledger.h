/* Payout requests: a validator's whole balance, once. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct PayoutRow {
        Uuid id;
        int64_t lamports;
        const char *status; /* "requested", "approved", "settled" */
} PayoutRow;

typedef void (*PayoutRows)(int r, const PayoutRow *rows, size_t n, void *userdata);

typedef struct PayoutRequest {
        const uint8_t *validator_key; /* 32 bytes */
        Uuid id; /* uuid7_new() of the caller, used when there is no open one */
        const char *actor;
} PayoutRequest;

/* One row: the new request, or the one that is open already. -ENOENT: no such validator;
 * -ENODATA: nothing is owed. */
int payout_request(Store *s, const PayoutRequest *request, PayoutRows callback, void *userdata,
                   StoreCall **ret);

extern const PqStatement *const ledger_statements[];
