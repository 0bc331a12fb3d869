/* What the hub before this one left: how far it came, and the pages it had no time to write. Their
 * ticks are in batches, which its commits made durable; they are written before anything else is
 * read, so that nobody misses a tick. */
#pragma once

#include "base/macro.h"
#include "store/hub-state.h"
#include "wire/sign.h"

typedef struct Recover Recover;

typedef struct RecoverOptions {
        Store *store;             /* borrowed, STORE_READY */
        const PublicKey *network; /* borrowed */
        /* 0: ticks of all commits are on pages; state is the recovery's. -EKEYREJECTED: the
         * database is of another network, and nothing was written. The recovery may be freed
         * inside. */
        void (*done)(int r, const HubStateRow *state, void *userdata);
        void *userdata;
} RecoverOptions;

int recover_new(Recover **ret, const RecoverOptions *options);
Recover *recover_free(Recover *r);
DEFINE_FREEP(Recover, recover_free);
