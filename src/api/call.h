/* One request while it is being answered: what a handler knows of it, and its ways to fail. */
#pragma once

#include <stdbool.h>

#include "api/auth.h"
#include "api/body.h"
#include "api/refusal.h"
#include "api/router.h"
#include "base/id.h"
#include "base/time.h"
#include "store/store.h"

typedef struct Assets Assets;
typedef struct FeedSource FeedSource;
typedef struct Live Live;
typedef struct Replica Replica;
typedef struct Sse Sse;

/* What handlers work with; borrowed from the manager. */
typedef struct ApiContext {
        Store *store;
        Replica *replica; /* NULL: there is none */
        const FeedSource *feed;
        Live *live;
        Sse *sse;
        const Assets *assets; /* NULL: there is no dashboard here */
} ApiContext;

/* The server makes and frees it. A handler answers http, or starts a read that will; the read is
 * kept in `open` and cancelled when the client goes first. */
struct ApiCall {
        HttpdRequest *http;
        const ApiContext *api;
        Refusals *refusals;
        RouteMatch match;
        Principal who; /* of routes with a scope */
        StoreCall *open;
        bool at_replica; /* that is there */
        bool at_primary; /* everything of it has to be */
        Uuid object;     /* what the call makes */
        void *state;     /* the handler's own, freed with the call */
        void (*state_free)(void *state);
};

/* Whether requests that need the database can be answered now. */
bool api_is_ready(const ApiContext *api);

/* The problem, counted. header: one more, "Name: value", or NULL. */
void call_refuse(ApiCall *c, const HttpdRefusal *refusal, const char *header);
/* Where to read what this call shows: the replica, if that will do. The callback is call_answer().
 */
Store *call_views(ApiCall *c);
/* The call changed something, or may have: before that is answered. */
void call_wrote(ApiCall *c);
/* The problem of a body. */
void call_refuse_body(ApiCall *c, const BodyProblem *problem);
/* The problem for a negative errno of the store. */
void call_fail(ApiCall *c, int r);
/* 503 with Retry-After. */
void call_unavailable(ApiCall *c);
/* What starting a read said: a failure is answered. */
void call_started(ApiCall *c, int r);
/* A StoreJson with the call as userdata: the text is the answer. */
void call_answer(int r, const char *json, size_t n, void *userdata);
/* A StoreDone: what was asked for is written, and there is nothing to tell of it but 204. */
void call_answer_nothing(int r, const char *error, void *userdata);
/* The same, of what the database may refuse in a sentence. */
void call_answer_deed(int r, const char *error, void *userdata);
/* The problem for it: 409 with that sentence, if there is one. */
void call_fail_deed(ApiCall *c, int r, const char *error);

/* The id in the path. 0; -EINVAL: answered with 404, what is no id names nothing. */
int call_id(ApiCall *c, Uuid *ret);

/* 400: ?NAME= must be what is expected, "a UUID". -EINVAL. */
int call_refuse_query(ApiCall *c, const char *name, const char *expected);
/* ?NAME= as a UUID. 1; 0: absent; -EINVAL: answered with 400. */
int call_query_uuid(ApiCall *c, const char *name, Uuid *ret);
/* ?websiteId=, which has to be there. 0; -EINVAL: answered with 400. */
int call_query_website(ApiCall *c, Uuid *ret);
/* ?NAME= as a moment that is over. 1; 0: absent; -EINVAL: answered with 400. */
int call_query_past(ApiCall *c, const char *name, usec_t *ret);
/* ?limit= from 1 to 500, else 100. 0; -EINVAL: answered with 400. */
int call_query_limit(ApiCall *c, unsigned *ret);
