/* Answers of resolvers for as long as they are good. Pure: `now` comes in. */
#pragma once

#include "event/resolver.h"

typedef struct ResolverCache ResolverCache;

int resolver_cache_new(ResolverCache **ret, unsigned names_max);
ResolverCache *resolver_cache_free(ResolverCache *c);
DEFINE_FREEP(ResolverCache, resolver_cache_free);
unsigned resolver_cache_size(const ResolverCache *c);

/* Names are compared without case. true: *ret is what is known. */
bool resolver_cache_get(ResolverCache *c, const char *name, int family, usec_t now,
                        ResolverResult *ret);
/* Replaces what was known; nothing is kept that expires at 0, nor without memory. */
void resolver_cache_put(ResolverCache *c, const char *name, int family, usec_t expires,
                        const ResolverResult *result);
