/* Whether a website wants to be checked at all, and what one is redirected to. The origin is asked
 * for /.well-known/dpin-optout before its first check and at most once a day; of tcp: and icmp:
 * that is http://HOST, of tls: https://HOST; a 200 whose first line is "dpin-optout" says no.
 * Pages that are answered to every path do not begin so, and who does not answer said nothing.
 * Whom this machine may not ask at the moment (the guard, the throttle) it asks before the next
 * check. */
#pragma once

#include "base/time.h"
#include "event/connect.h"
#include "event/http.h"

#define OPT_OUT_PATH "/.well-known/dpin-optout"
#define OPT_OUT_LINE "dpin-optout"

typedef struct OptOuts OptOuts;
typedef struct OptOutAsk OptOutAsk; /* somebody waits for an origin's answer */

typedef struct OptOutsOptions {
        HttpClient *http;            /* borrowed, as all here */
        const ConnectRules *connect; /* origins in networks the owner names are not asked */
        const char *ca_file, *user_agent;
        unsigned origins_max; /* remembered; the one not checked for longest makes room */
} OptOutsOptions;

typedef struct OptOutQuestion {
        const char *url; /* of a check; borrowed for the call, as all here */
        usec_t now;      /* boottime */
        void (*done)(bool out, void *userdata);
        void *userdata;
} OptOutQuestion;

int opt_outs_new(OptOuts **ret, const OptOutsOptions *options);
/* Who waits is forgotten without a callback; not inside of one. */
OptOuts *opt_outs_free(OptOuts *o);
DEFINE_FREEP(OptOuts, opt_outs_free);

typedef enum OptOutState {
        OPT_OUT_NO,
        OPT_OUT_YES,
        OPT_OUT_ASKED, /* the callback comes, never inside */
} OptOutState;

/* An OptOutState, or negative. What asks nobody's machine in particular (dns:) has no origin: no.
 */
int opt_outs_ask(OptOuts *o, const OptOutQuestion *question, OptOutAsk **ret);
OptOutAsk *opt_out_cancel(OptOutAsk *a);
/* How this validator introduces itself to websites: with what its owner has to say to theirs, or
 * NULL. Freed by the caller. */
int opt_out_user_agent(char **ret, const char *contact_url);
size_t opt_outs_count(const OptOuts *o);
