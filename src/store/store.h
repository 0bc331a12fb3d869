/* The connection of a program to its database: schema check, the writer's lock, transactions,
 * reads. The nouns next to this file hold the SQL; what WRITES appends to a PqTransaction of the
 * caller, what READS takes (store, query, callback, userdata, handle). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/id.h"
#include "base/macro.h"
#include "event/pq.h"

#define STORE_SCHEMA_VERSION      42                 /* the newest file in sql/ */
#define STORE_CHANNEL_ALERT       "dpin_alert"       /* something waits in the outbox */
#define STORE_CHANNEL_COMMIT      "dpin_commit"      /* payload: commit_no of the hub's commit */
#define STORE_CHANNEL_MAINTENANCE "dpin_maintenance" /* no payload */
#define STORE_CHANNEL_TOKEN       "dpin_token"       /* payload: id of a token that was revoked */
#define STORE_CHANNEL_HEARTBEAT   "dpin_heartbeat"   /* payload: revision of the heartbeat */
#define STORE_CHANNEL_INCIDENT    "dpin_incident"    /* payload: revision of what people did */
#define STORE_CHANNEL_WEBSITE     "dpin_website" /* payload: revision of the website that changed */

typedef struct Store Store;
typedef struct StoreCall StoreCall; /* an open read or submit; gone when its callback returned */

typedef const PqStatement *const *StoreStatements; /* of one noun, ended by NULL */

typedef enum StoreRole {
        STORE_HUB,    /* holds the writer's lock; listens to STORE_CHANNEL_WEBSITE, _HEARTBEAT,
                         _INCIDENT and _MAINTENANCE */
        STORE_API,    /* listens to STORE_CHANNEL_COMMIT and STORE_CHANNEL_TOKEN */
        STORE_READER, /* listens to nothing: a replica cannot tell */
        STORE_UPKEEP, /* long work beside STORE_HUB, whose commits it must not hold up */
        STORE_ALERTS, /* beside STORE_HUB, too; listens to STORE_CHANNEL_ALERT */
        _STORE_ROLE_MAX,
} StoreRole;

typedef enum StoreState {
        STORE_AWAY,    /* not connected, tried again with backoff */
        STORE_REFUSED, /* r is -EPROTO: the schema is too new, too old or missing; looked at again
                        */
        STORE_STANDBY, /* another hub holds the writer's lock; asked for each second */
        STORE_READY,
        _STORE_STATE_MAX,
} StoreState;

const char *store_state_name(StoreState s);

typedef struct StoreOptions {
        const char *dsn; /* conninfo or URI; copied */
        StoreRole role;
        const StoreStatements *statements; /* as statements.h has them */
        unsigned queue_max;                /* 0: the default of pq.h */
        /* At every change of state, and with another text. Not called for STORE_AWAY at the start
         * before something failed. READY after a loss: everything must be read again. */
        void (*on_state)(StoreState state, const char *text, void *userdata);
        void (*on_notify)(const char *channel, const char *payload, void *userdata); /* or NULL */
        void *userdata;
} StoreOptions;

/* A page of a list in the order of public ids, which is that of creation. */
typedef struct StorePage {
        uint32_t organisation; /* 0: of all, where the list says that it may be */
        const Uuid *after;     /* NULL: from the start; else the last id of the page before */
        unsigned limit;
} StorePage;

int store_new(Store **ret, uv_loop_t *loop, const StoreOptions *options);
/* Callbacks of open calls do not come any more. */
Store *store_free(Store *s);
DEFINE_FREEP(Store, store_free);
StoreState store_state(const Store *s);
/* The server does not answer: its calls end with -ENOTCONN, now, and it is connected to anew. Not
 * inside a callback of it. */
void store_renew(Store *s, const char *text);

/* r as PqDone of pq.h; error: the server's text or NULL. */
typedef void (*StoreDone)(int r, const char *error, void *userdata);
/* r 0: one JSON text of n characters. -ENOENT: no such object for this organisation. Others as
 * PqDone. */
typedef void (*StoreJson)(int r, const char *json, size_t n, void *userdata);

/* Takes the transaction, also on failure. 0; -ENOTCONN: not STORE_READY; -ENOBUFS: queue full;
 * -ENOMEM (t may be NULL for that). The callback never runs inside; ret may be NULL. The same holds
 * for every read in this folder. */
int store_submit(Store *s, PqTransaction *t, StoreDone done, void *userdata, StoreCall **ret);
/* For read.c: the same with a finish() of its own. */
int store_call(Store *s, PqTransaction *t, const StoreCall *prototype, StoreCall **ret);
/* The callback will not come; what was sent still takes effect. Takes NULL, returns NULL. */
StoreCall *store_call_cancel(StoreCall *c);
DEFINE_FREEP(StoreCall, store_call_cancel);
