/* Payouts: a validator's whole balance, asked for once, approved, and settled by a transaction
 * outside. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct PayoutRow {
        Uuid id;
        uint8_t validator_key[32];
        const char *validator_name;
        int64_t lamports;
        const char *status;                  /* "requested", "approved", "settled" */
        const char *transaction;             /* what settled it, as the outside names it; or NULL */
        usec_t requested, approved, settled; /* USEC_INFINITY: not yet */
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

typedef struct PayoutPage {
        const char *status; /* only these; NULL: all */
        const Uuid *after;  /* NULL: from the oldest */
        unsigned limit;
} PayoutPage;

int payouts_load(Store *s, const PayoutPage *page, PayoutRows callback, void *userdata,
                 StoreCall **ret);

typedef struct PayoutStep {
        Uuid id;
        const char *transaction; /* of payout_settle() */
        const char *actor;
} PayoutStep;

/* Both may be said again. One row, the payout as it is then: unless it has the status that was
 * wished, and this transaction, nothing was changed. -ENOENT: no such payout. */
int payout_approve(Store *s, const PayoutStep *step, PayoutRows callback, void *userdata,
                   StoreCall **ret);
int payout_settle(Store *s, const PayoutStep *step, PayoutRows callback, void *userdata,
                  StoreCall **ret);

extern const PqStatement *const ledger_statements[];
