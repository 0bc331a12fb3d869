/* Inside of this folder: the calls of one store that wait for their answer. */
#pragma once

#include "event/pq.h"

typedef struct StoreCall StoreCall;
typedef void (*StoreCallback)(void); /* any function type; called as what it is by finish() */

typedef struct StoreCalls {
        StoreCall *first; /* oldest */
} StoreCalls;

struct StoreCall {
        StoreCalls *calls;
        StoreCall *prev, *next;
        PqCall *call;
        /* last: the result of the last statement, NULL unless r is 0 */
        void (*finish)(const StoreCall *c, int r, const PqResult *last, const char *error);
        const void *reader; /* what finish() knows it to be */
        StoreCallback callback;
        void *userdata;
};

/* Submits t, which is taken also on failure; copies the prototype's last four members. */
int store_calls_add(StoreCalls *calls, Pq *pq, PqTransaction *t, const StoreCall *prototype,
                    StoreCall **ret);
/* One ends without its callback. Takes NULL, returns NULL. */
StoreCall *store_calls_forget(StoreCall *c);
void store_calls_cancel(StoreCalls *calls);
/* All end with r. */
void store_calls_fail(StoreCalls *calls, int r);
