/* The inside of the resolver, shared by the resolver-*.c files and resolver.c only. */
#pragma once

#define CARES_NO_DEPRECATED /* what is deprecated is all that Debian 12 has */
#include <ares.h>

#include "event/resolver.h"
#include "event/timer.h"

typedef struct ResolverChannel ResolverChannel;

/* One set of servers to ask, with the library's sockets and timers on the loop. raw: what a server
 * says is the answer, also that it failed; else the next one is asked. */
int resolver_channel_new(ResolverChannel **ret, uv_loop_t *loop, const ResolverOptions *options,
                         bool raw);
/* What was asked and is not answered is told as ARES_EDESTRUCTION; never called while the library
 * calls back. */
ResolverChannel *resolver_channel_free(ResolverChannel *c);
DEFINE_FREEP(ResolverChannel, resolver_channel_free);

/* The callbacks may run inside. */
void resolver_channel_addresses(ResolverChannel *c, const char *name, int family,
                                ares_addrinfo_callback callback, void *userdata);
/* -EINVAL: no name of DNS. */
int resolver_channel_query(ResolverChannel *c, const char *name, uint16_t type,
                           ares_callback callback, void *userdata);

/* Of an ARES_ status. */
ResolverOutcome resolver_outcome(int status);

typedef struct ResolverAsking {
        const ResolverQuestion *question;
        ResolverAnswered answered;
        void *userdata;
} ResolverAsking;

/* It is in the list until it is answered or cancelled. options: of the machine's own resolvers. */
int resolver_query_new(ResolverQuery **ret, ResolverQuery **list, uv_loop_t *loop,
                       const ResolverOptions *options, const ResolverAsking *asking);
