/* What all handlers share: reading the query, and turning errno into problems. */
#include "api/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/live.h"
#include "api/replica.h"
#include "api/reply.h"
#include "api/sse.h"
#include "base/log-ids.h"
#include "base/log.h"

#define LIMIT_MAX     500u
#define LIMIT_DEFAULT 100u

bool api_is_ready(const ApiContext *api) {
        return store_state(api->store) == STORE_READY && live_is_started(api->live);
}

void call_refuse(ApiCall *c, const HttpdRefusal *refusal, const char *header) {
        refusal_note(c->refusals, refusal, httpd_peer(c->http));
        reply_problem(c->http, &(Problem){ .status = refusal->status,
                                           .detail = refusal->detail,
                                           .header = header });
}

void call_unavailable(ApiCall *c) {
        reply_problem(c->http,
                      &(Problem){ .status = 503,
                                  .detail = "The database cannot be reached at the moment.",
                                  .header = "Retry-After: 2" });
}

void call_refuse_body(ApiCall *c, const BodyProblem *problem) {
        reply_problem(c->http,
                      &(Problem){ .status = problem->status,
                                  .detail = problem->detail,
                                  .pointer = problem->pointer[0] ? problem->pointer : NULL });
}

void call_fail(ApiCall *c, int r) {
        switch (r) {
        case -ENOENT:
                reply_problem(c->http,
                              &(Problem){ .status = 404, .detail = "There is no such object." });
                return;
        case -EEXIST:
                reply_problem(c->http, &(Problem){ .status = 409, .detail = "It exists already." });
                return;
        case -EINVAL:
                reply_problem(c->http,
                              &(Problem){ .status = 422, .detail = "A value is not allowed." });
                return;
        case -ENOTCONN:
        case -ENOBUFS:
        case -EAGAIN:
                call_unavailable(c);
                return;
        default:
                log_event(LOG_WARNING, DPIN_MSG_REQUEST_FAILED, "a request failed",
                          "DPIN_REQUEST=%s %s\nDPIN_ERROR=%s", c->match.route->method,
                          c->match.route->path, strerror(-r));
                reply_problem(c->http,
                              &(Problem){ .status = 500,
                                          .detail = "The request could not be carried out." });
        }
}

Store *call_views(ApiCall *c) {
        uint64_t told = sse_readers(c->api->sse) > 0 ? live_position(c->api->live) : 0;
        Store *s = c->at_primary ? NULL : replica_pick(c->api->replica, c->who.organisation, told);

        c->at_replica = s;
        return s ? s : c->api->store;
}

void call_wrote(ApiCall *c) {
        replica_wrote(c->api->replica, c->who.organisation);
}

/* What went wrong at the replica, or is not there yet, is asked of the primary once more. */
static bool ask_again(ApiCall *c, int r) {
        if (r >= 0 || !c->at_replica)
                return false;
        if (r != -ENOENT)
                replica_failed(c->api->replica, r);
        c->at_replica = false;
        c->at_primary = true;
        c->match.route->handle(c);
        return true;
}

void call_started(ApiCall *c, int r) {
        if (r < 0 && !ask_again(c, r))
                call_fail(c, r);
}

void call_answer(int r, const char *json, size_t n, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        if (ask_again(c, r))
                return;
        if (r < 0)
                call_fail(c, r);
        else
                reply_json(c->http, json, n);
}

void call_answer_nothing(int r, const char *error _unused_, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        call_wrote(c);
        if (r < 0)
                call_fail(c, r);
        else
                reply_nothing(c->http);
}

void call_fail_deed(ApiCall *c, int r, const char *error) {
        if (r == -EDOM)
                reply_problem(c->http, &(Problem){ .status = 409, .detail = error });
        else
                call_fail(c, r);
}

void call_answer_deed(int r, const char *error, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        call_wrote(c);
        if (r < 0)
                call_fail_deed(c, r, error);
        else
                reply_nothing(c->http);
}

int call_id(ApiCall *c, Uuid *ret) {
        if (uuid_parse(c->match.parameter, ret) == 0)
                return 0;
        call_fail(c, -ENOENT);
        return -EINVAL;
}

int call_refuse_query(ApiCall *c, const char *name, const char *expected) {
        char detail[128];

        snprintf(detail, sizeof(detail), "The query parameter \"%s\" must be %s.", name, expected);
        reply_problem(c->http, &(Problem){ .status = 400, .detail = detail });
        return -EINVAL;
}

int call_query_uuid(ApiCall *c, const char *name, Uuid *ret) {
        const char *text = httpd_query(c->http, name);

        if (!text)
                return 0;
        if (uuid_parse(text, ret) < 0)
                return call_refuse_query(c, name, "a UUID");
        return 1;
}

int call_query_website(ApiCall *c, Uuid *ret) {
        int r = call_query_uuid(c, "websiteId", ret);

        if (r == 0)
                reply_problem(c->http, &(Problem){ .status = 400,
                                                   .detail = "The query parameter \"websiteId\" is "
                                                             "missing." });
        return r > 0 ? 0 : -EINVAL;
}

int call_query_past(ApiCall *c, const char *name, usec_t *ret) {
        const char *text = httpd_query(c->http, name);
        usec_t time;

        if (!text)
                return 0;
        if (time_parse(text, &time) < 0 || time > now_realtime())
                return call_refuse_query(c, name, "a moment that is over, as RFC 3339 writes it");
        *ret = time;
        return 1;
}

int call_query_limit(ApiCall *c, unsigned *ret) {
        const char *text = httpd_query(c->http, "limit");
        unsigned value = 0;

        if (!text) {
                *ret = LIMIT_DEFAULT;
                return 0;
        }
        for (const char *p = text; *p; p++) {
                if (*p < '0' || *p > '9' || value > LIMIT_MAX)
                        return call_refuse_query(c, "limit", "a number from 1 to 500");
                value = value * 10 + (unsigned)(*p - '0');
        }
        if (value < 1 || value > LIMIT_MAX)
                return call_refuse_query(c, "limit", "a number from 1 to 500");
        *ret = value;
        return 0;
}
