/* Calls in a list, so that a lost connection or the end of the store leaves none behind. */
#include "store/call.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"

static void on_done(int r, PqResult *const *results, size_t n, const char *error, void *userdata) {
        _cleanup_free_ StoreCall *c = userdata;

        if (r < 0)
                log_debug("transaction: %s", error ? error : strerror(-r));
        DL_DELETE(c->calls->first, c);
        c->finish(c, r, r == 0 && n > 0 ? results[n - 1] : NULL, error);
}

int store_calls_add(StoreCalls *calls, Pq *pq, PqTransaction *t, const StoreCall *prototype,
                    StoreCall **ret) {
        _cleanup_(pq_transaction_freep) PqTransaction *transaction = t;
        _cleanup_free_ StoreCall *c = NULL;
        int r;

        c = malloc(sizeof(StoreCall));
        if (!c)
                return -ENOMEM;

        *c = *prototype;
        c->calls = calls;
        r = pq_submit(pq, TAKE_PTR(transaction), on_done, c, &c->call);
        if (r < 0)
                return r;

        DL_APPEND(calls->first, c);
        if (ret)
                *ret = c;
        (void)TAKE_PTR(c);
        return 0;
}

StoreCall *store_calls_forget(StoreCall *c) {
        if (!c)
                return NULL;

        DL_DELETE(c->calls->first, c);
        pq_call_cancel(c->call);
        free(c);
        return NULL;
}

void store_calls_cancel(StoreCalls *calls) {
        while (calls->first)
                store_calls_forget(calls->first);
}

/* Callbacks may cancel others, so each round takes the head anew. */
void store_calls_fail(StoreCalls *calls, int r) {
        while (calls->first) {
                _cleanup_free_ StoreCall *c = calls->first;

                DL_DELETE(calls->first, c);
                pq_call_cancel(c->call);
                c->finish(c, r, NULL, NULL);
        }
}
