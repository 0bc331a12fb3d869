/* One check at a time becomes one result; the kinds of checks are a table. Concurrency is bounded,
 * what waits is queued in the order of arrival. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "base/time.h"
#include "event/connect.h"
#include "event/http.h"
#include "validator/budget.h"
#include "validator/story.h"
#include "wire/spec.h"
#include "wire/tick.h"

typedef struct Checker Checker;
typedef struct Check Check; /* waiting or under way */

typedef struct CheckerOptions {
        ConnectRules connect;   /* for every socket of a check */
        Budget *budget;         /* of all checks together; borrowed, or NULL */
        unsigned origins_max;   /* of which it is known whether they opted out; 0: none is asked */
        const char *user_agent; /* borrowed */
        const char *controls;   /* of the own network, as OwnNetworkOptions has them; borrowed */
        bool (*hub)(usec_t *ret_silent, void *userdata); /* likewise; or NULL */
        void *hub_userdata;
        const char *ca_file;   /* further authorities, or NULL; borrowed */
        unsigned concurrency;  /* checks under way at once */
        unsigned queue_max;    /* waiting; more are refused */
        uint64_t body_max;     /* bytes read of an answer */
        const char *resolvers; /* "192.0.2.1:53,[2001:db8::1]:53" instead of resolv.conf's, or NULL;
                                  borrowed for the call */
} CheckerOptions;

typedef struct CheckRequest {
        const Spec *spec;   /* borrowed for the time of the call */
        HttpTarget *target; /* its URL, if somebody holds it; or NULL */
        uint8_t family;     /* 0, 4, 6 */
        usec_t timeout;
        CheckStory *story; /* zeros, to be told to until the check is done or cancelled; or NULL */
} CheckRequest;

/* Why a check abstains: whose policy it was refused by, with TICK_ERROR_GUARD; or else what made it
 * worthless. */
typedef enum CheckRefusal {
        CHECK_NOT_REFUSED,
        CHECK_REFUSED_TARGET, /* the guard's, or the throttle's */
        CHECK_REFUSED_BUDGET,
        CHECK_REFUSED_OPT_OUT, /* the website's own wish */
        CHECK_OWN_NETWORK,     /* not refused: this machine is offline itself */
        _CHECK_REFUSAL_MAX,
} CheckRefusal;

/* What was seen, in the fields of a tick; order, kind, number and start are the caller's. */
typedef struct CheckResult {
        usec_t started; /* boottime when the check really began, not when it was asked for */
        Tick seen;
        CheckRefusal refusal;
} CheckResult;

typedef void (*CheckDone)(const CheckResult *result, void *userdata);

int checker_new(Checker **ret, uv_loop_t *loop, const CheckerOptions *options);
/* Open checks are dropped without callbacks. */
Checker *checker_free(Checker *c);
DEFINE_FREEP(Checker, checker_free);
size_t checker_active(const Checker *c);
/* Check kinds that this build and this machine can do, ended by NULL: what join declares. */
const char *const *checker_capabilities(const Checker *c);
bool checker_can(const Spec *spec);

/* The callback never runs inside. -ENOBUFS: too many wait; -EPROTONOSUPPORT: no such kind. */
int checker_start(Checker *c, const CheckRequest *request, CheckDone done, void *userdata,
                  Check **ret);
/* It waits for the target, and for nothing before. */
bool check_is_active(const Check *c);
Check *check_cancel(Check *c);
DEFINE_FREEP(Check, check_cancel);
