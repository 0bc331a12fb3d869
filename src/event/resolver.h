/* Names become addresses by c-ares on the loop: /etc/hosts and resolv.conf are honoured, without
 * its search list (a checked name is what it says). Answers are kept for as long as their TTL, a
 * name without addresses for a moment. Whether an address may be connected to is not decided here.
 *
 * The same library asks one resolver of the caller's choice for records of any type. */
#pragma once

#include <stddef.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"
#include "event/address.h"

typedef struct Resolver Resolver;
typedef struct ResolverLookup ResolverLookup;
typedef struct ResolverQuery ResolverQuery;

#define RESOLVER_ADDRESSES_MAX 8                    /* of one name; more are not looked at */
#define RESOLVER_PENDING_MAX   4096                 /* names asked for at once */
#define RESOLVER_CACHE_MAX     16384                /* names; the oldest makes room */
#define RESOLVER_TTL_MAX       (300 * USEC_PER_SEC) /* a check sees what newcomers see */
#define RESOLVER_TTL_NONE      (2 * USEC_PER_SEC)

typedef enum ResolverOutcome {
        RESOLVER_FOUND,
        RESOLVER_NONE,    /* there is no such name, or it has no address of this family */
        RESOLVER_TIMEOUT, /* nobody answered in time */
        RESOLVER_REFUSED, /* nobody listens there */
        RESOLVER_FAILED,  /* an answer that is none: malformed, or a server's failure */
        RESOLVER_NO_MEMORY,
} ResolverOutcome;

typedef struct ResolverOptions {
        const char *resolv_conf; /* NULL: /etc/resolv.conf */
        const char *servers; /* "192.0.2.1:53,[2001:db8::1]:53" instead of its; NULL: as there */
} ResolverOptions;

typedef struct ResolverResult {
        ResolverOutcome outcome;
        unsigned n;                                   /* > 0 only when found */
        NetAddress addresses[RESOLVER_ADDRESSES_MAX]; /* in the order to try them, port 0; of both
                                                         families those that there is a way to */
        usec_t at;                                    /* boottime at which it was known */
} ResolverResult;

/* result is borrowed for the time of the call; the lookup is gone after it. */
typedef void (*ResolverDone)(const ResolverResult *result, void *userdata);

typedef struct ResolverCounters {
        uint64_t asked, cached; /* names, of servers or /etc/hosts; from memory */
        uint64_t refused;       /* too many at once */
        uint64_t reopened;      /* resolv.conf had changed */
} ResolverCounters;

int resolver_new(Resolver **ret, uv_loop_t *loop, const ResolverOptions *options);
/* What is under way is dropped without callbacks. */
Resolver *resolver_free(Resolver *r);
DEFINE_FREEP(Resolver, resolver_free);
ResolverCounters resolver_counters(const Resolver *r);

typedef struct ResolverName {
        const char *text; /* or an address, which is its own answer */
        int family;       /* AF_UNSPEC, AF_INET, AF_INET6 */
        usec_t timeout;
} ResolverName;

/* The callback never runs inside. -ENOBUFS: too many at once; -EINVAL: the name is too long. */
int resolver_lookup(Resolver *r, const ResolverName *name, ResolverDone done, void *userdata,
                    ResolverLookup **ret);
ResolverLookup *resolver_lookup_cancel(ResolverLookup *l);
DEFINE_FREEP(ResolverLookup, resolver_lookup_cancel);

typedef struct ResolverQuestion {
        const char *name;
        uint16_t type;            /* of DNS: 1 is A */
        const NetAddress *server; /* whom to ask; NULL: the machine's own resolvers */
        usec_t timeout;
} ResolverQuestion;

typedef struct ResolverAnswer {
        ResolverOutcome outcome; /* found: there is an answer, of whatever code */
        const uint8_t *bytes;    /* a DNS message (RFC 1035, 4.1), borrowed */
        size_t n;
        usec_t at;
} ResolverAnswer;

typedef void (*ResolverAnswered)(const ResolverAnswer *answer, void *userdata);

/* Asks once, nothing is kept, and an answer that is cut off is asked for again by TCP; with
 * recursion desired. The callback never runs inside. -EINVAL: no name of DNS. */
int resolver_ask(Resolver *r, const ResolverQuestion *question, ResolverAnswered answered,
                 void *userdata, ResolverQuery **ret);
ResolverQuery *resolver_query_cancel(ResolverQuery *q);
DEFINE_FREEP(ResolverQuery, resolver_query_cancel);
