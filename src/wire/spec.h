/* The specification of a check: what to do, shared by every order of a website. Its exact bytes are
 * JSON text and are named by their SHA-256 (Order.spec); they are stored and sent as they are and
 * never written again from the struct. Version 1:
 *
 *      {"type":"http","url":"https://example.org/","method":"GET","redirects":5,"status":"200-399"}
 *
 * Members in the order in which they are written; they are read in any. Those with a ? may be
 * missing, and are left out when they are as by default (told behind the =):
 *
 *      all    type url invert?=false (a failure is what is expected)
 *      http   method redirects (0..10) status ("200-299,301") headers? [{name value}] body?
 *             assertions? httpVersion?="1.1" ("2")
 *             certificateDays? (1..365, fewer days left: failure) tlsMin? ("1.2", "1.3")
 *      tcp    send? expect? (these bytes somewhere in what comes)
 *      tls    certificateDays? tlsMin?
 *      dns    rcode?="NOERROR" assertions? (of answers)
 *      icmp   count?=3 (1..10) lossMax?=0 (percent, 0..99)
 *      push   none, not even invert; no order names one
 *
 * An unknown member or type is refused: a validator never runs a check it half understands. What is
 * in a specification is known to every validator that is given it: headers and bodies are no place
 * for secrets worth more than one check. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "wire/sign.h"
#include "wire/target.h"

#define SPEC_SIZE_MAX      4096
#define SPEC_REDIRECTS_MAX 10
#define SPEC_HEADERS_MAX   16
#define SPEC_STATUS_SIZE   64
#define SPEC_BODY_MAX      2048
#define SPEC_ICMP_COUNT    3 /* when it has none */

typedef struct SpecHeader {
        char *name, *value;
} SpecHeader;

/* Strings of members that are missing are empty or NULL, numbers 0. */
typedef struct Spec {
        char type[CHECK_TYPE_NAME_SIZE];
        char *url;
        bool invert;
        char method[8];                /* GET HEAD POST PUT PATCH DELETE OPTIONS */
        int64_t redirects;             /* followed at most, 0..SPEC_REDIRECTS_MAX */
        char status[SPEC_STATUS_SIZE]; /* accepted: codes and ranges in 100..599 */
        JsonArray headers;             /* SpecHeader */
        JsonArray assertions;          /* Assertion */
        char *body, *send, *expect;
        int64_t certificate_days, count, loss_max;
        char tls_min[4], http_version[4];
        char rcode[16];
} Spec;

/* As by default for this URL; a URL that is no target is found by spec_encode(). 0, -ENOMEM. */
int spec_default(Spec *ret, const char *url);
/* A deep copy. 0, -ENOMEM. */
int spec_copy(Spec *ret, const Spec *s);
void spec_done(Spec *s);
/* The exact bytes, NUL-terminated; *ret is freed by the caller. -EINVAL: a value is refused,
 * *reason says why; -EMSGSIZE: over SPEC_SIZE_MAX. */
int spec_encode(const Spec *s, char **ret, const char **reason);
/* 0, and *ret is to be done; -EBADMSG: no JSON object; -EINVAL: refused, *reason says why;
 * -EMSGSIZE: over SPEC_SIZE_MAX. reason may be NULL. */
int spec_parse(const void *bytes, size_t n, Spec *ret, const char **reason);
bool spec_accepts_status(const Spec *s, unsigned status);

/* What people ask for: a URL, and as JSON an object of members besides type and url, each of which
 * may be missing; NULL: none. *ret are the exact bytes, empty when they are as by default. -EINVAL:
 * refused, *reason is a sentence; -EBADMSG: no JSON object or one with a wrong member, *reason is
 * its name or a few words; -EMSGSIZE. */
int spec_ask(const char *url, const char *options, char **ret, const char **reason);
#define SPEC_REASON_SIZE 224
/* The reason for which spec_ask() refused these options with -EINVAL, and of a regular expression
 * that is none also what is wrong with it and where. Returns ret. */
const char *spec_reason(const char *url, const char *options, const char *reason,
                        char ret[static SPEC_REASON_SIZE]);
