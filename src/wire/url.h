/* Which URLs a check may carry: http or https, a host, optional port, no credentials, at most 2,048
 * bytes of printable ASCII (an internationalised name is written in its xn-- form). A host that
 * looks like an address is one: four decimal numbers, or IPv6 in brackets. Whether the
 * address behind it may be connected to is not decided here, but by the validator's guard. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_MAX      2048
#define URL_HOST_MAX 253

typedef struct UrlParts {
        bool https;
        uint16_t port;               /* the scheme's default when none is written */
        char host[URL_HOST_MAX + 1]; /* lower case; an IPv6 literal without its brackets */
} UrlParts;

/* 0; -EINVAL with *reason a sentence for people, e.g. "a URL must not carry credentials". Any
 * pointer may be NULL. */
int url_check(const char *url, UrlParts *ret, const char **reason);

/* The same for pieces of URLs with other schemes. Reason is never NULL here. */
int url_characters_check(const char *url, const char **reason);
/* host, host:port, [v6] or [v6]:port in n bytes. ret's port stays what it was when there is none.
 */
int url_authority_check(const char *authority, size_t n, UrlParts *ret, const char **reason);
