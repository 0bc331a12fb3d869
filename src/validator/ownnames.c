/* A resolver that will not say is at work as well; one that fails, or is silent, is not. */
#include "validator/ownnames.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "event/dns-message.h"

#define ROOT     "."
#define TYPE_NS  2
#define SERVFAIL 2

struct OwnNamesAsk {
        OwnNames *names;
        OwnNamesDone done;
        void *userdata;
        struct OwnNamesAsk *prev, *next;
};

struct OwnNames {
        Resolver *resolver;
        ResolverQuery *query; /* under way */
        OwnNamesAsk *waiting;
        usec_t until; /* boottime; so long the last answer holds */
        bool broken;
};

static bool is_broken(const ResolverAnswer *a) {
        DnsMessage m;
        bool broken;

        if (a->outcome != RESOLVER_FOUND || dns_message_read(a->bytes, a->n, TYPE_NS, &m) < 0)
                return true;
        broken = m.rcode == SERVFAIL;
        dns_message_done(&m);
        return broken;
}

static void decide(OwnNames *o, bool broken) {
        OwnNamesAsk *a;

        o->broken = broken;
        o->until = now_boottime() + (broken ? OWN_NAMES_BROKEN_FOR : OWN_NAMES_GOOD_FOR);
        while ((a = o->waiting)) {
                OwnNamesDone done = a->done;
                void *whose = a->userdata;

                own_names_cancel(a);
                done(broken, whose);
        }
}

static void on_answer(const ResolverAnswer *a, void *userdata) {
        OwnNames *o = userdata;

        o->query = NULL;
        decide(o, is_broken(a));
}

static int begin(OwnNames *o) {
        return resolver_ask(o->resolver,
                            &(ResolverQuestion){ .name = ROOT,
                                                 .type = TYPE_NS,
                                                 .timeout = OWN_NAMES_PATIENCE },
                            on_answer, o, &o->query);
}

int own_names_ask(OwnNames *o, OwnNamesDone done, void *userdata, OwnNamesAsk **ret) {
        OwnNamesAsk *a;
        int r;

        if (!o->query && now_boottime() < o->until)
                return o->broken ? OWN_NAMES_BROKEN : OWN_NAMES_GOOD;
        r = o->query ? 0 : begin(o);
        if (r < 0)
                return r;
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        *a = (OwnNamesAsk){ .names = o, .done = done, .userdata = userdata };
        DL_APPEND(o->waiting, a);
        *ret = a;
        return OWN_NAMES_ASKED;
}

OwnNamesAsk *own_names_cancel(OwnNamesAsk *a) {
        if (!a)
                return NULL;
        DL_DELETE(a->names->waiting, a);
        free(a);
        return NULL;
}

int own_names_new(OwnNames **ret, Resolver *resolver) {
        OwnNames *o = calloc(1, sizeof(*o));

        if (!o)
                return -ENOMEM;
        o->resolver = resolver;
        *ret = o;
        return 0;
}

OwnNames *own_names_free(OwnNames *o) {
        if (!o)
                return NULL;
        resolver_query_cancel(o->query);
        while (o->waiting)
                own_names_cancel(o->waiting);
        free(o);
        return NULL;
}
