/* The API as a whole: knows every module, nobody but main() and the bus knows it. */
#pragma once

#include "api/conf.h"
#include "base/refusals.h"
#include "event/daemon.h"
#include "store/store.h"

typedef struct ApiManager ApiManager;
typedef struct Replica Replica;

typedef struct ApiManagerOptions {
        const ApiConf *conf; /* borrowed */
        /* Reads the settings again. Negative: refused, *error says why, freed by the caller. */
        int (*reload)(char **error, void *userdata);
        void (*changed)(void *userdata); /* what api_manager_state() says is another now */
        void *userdata;
} ApiManagerOptions;

int api_manager_new(ApiManager **ret, Daemon *daemon, const ApiManagerOptions *options);
ApiManager *api_manager_free(ApiManager *m);
DEFINE_FREEP(ApiManager, api_manager_free);
/* Ends the streams, answers what is open, then daemon_finished(). */
void api_manager_stop(ApiManager *m);

/* For the bus. Borrowed; the store may be away: its calls say -ENOTCONN then. */
Store *api_manager_store(ApiManager *m);
uv_loop_t *api_manager_loop(ApiManager *m);
int api_manager_reload(ApiManager *m, char **error);
unsigned api_manager_requests(const ApiManager *m); /* being answered now, streams too */
size_t api_manager_streams(const ApiManager *m);    /* readers of events */
/* One sentence: "ready", or what is missing. */
const char *api_manager_state(const ApiManager *m);
unsigned api_manager_connections(const ApiManager *m);
/* Borrowed; NULL: there is none. */
const Replica *api_manager_replica(const ApiManager *m);
/* What was refused since the start, by reason. */
void api_manager_refused(ApiManager *m, RefusalsTotal total, void *userdata);
