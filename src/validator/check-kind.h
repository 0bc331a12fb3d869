/* A kind of check, as check.c's table has it. */
#pragma once

#include "event/http.h"
#include "event/resolver.h"
#include "validator/check.h"
#include "validator/optout.h"

/* What a kind may use. */
typedef struct CheckTools {
        uv_loop_t *loop;
        HttpClient *http;
        Resolver *resolver;
        OptOuts *opt_outs; /* or NULL */
        const CheckerOptions *options;
} CheckTools;

/* refusal: the kind itself stopped the check, with TICK_ERROR_GUARD. */
typedef void (*CheckKindDone)(const Tick *seen, CheckRefusal refusal, void *userdata);

typedef struct CheckKind {
        const char *name; /* as in a specification's "type" */
        /* Starts it. The request's specification is borrowed until it is done or cancelled. *ret is
         * what cancel() takes. */
        int (*start)(const CheckTools *tools, const CheckRequest *request, CheckKindDone done,
                     void *userdata, void **ret);
        void (*cancel)(void *running);
        bool (*is_allowed)(void); /* NULL: everywhere */
} CheckKind;

extern const CheckKind check_dns, check_http, check_icmp, check_tcp, check_tls;
