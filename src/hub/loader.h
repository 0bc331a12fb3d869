/* Reads the running state from the database into empty modules: validators, websites, orders,
 * epochs, verdicts, incidents, votes. */
#pragma once

#include "base/macro.h"
#include "hub/board.h"

typedef struct Loader Loader;

typedef struct LoaderOptions {
        Store *store; /* borrowed, as all here */
        Registry *registry;
        OrderBook *book;
        Board *board;
        Writer *writer; /* takes the end of what the hub before this one had no time to end */
        const HubClock *clock;
        usec_t heartbeat; /* when a hub was last alive; 0: never */
        /* 0: everything is in place, the board may start. The loader may be freed inside. */
        void (*done)(int r, void *userdata);
        void *userdata;
} LoaderOptions;

int loader_new(Loader **ret, const LoaderOptions *options);
Loader *loader_free(Loader *l);
DEFINE_FREEP(Loader, loader_free);
