/* What a check is aimed at, told by its URL's scheme:
 *
 *      http://host[:port]/...  https://...           http
 *      tcp://host:port                               tcp
 *      tls://host:port                               tls: the certificate alone
 *      dns:name?type=A  dns://resolver[:port]/name   dns (RFC 4501), without a type: A
 *      icmp://host                                   icmp
 *      push:name                                     push: it is not looked at but calls itself
 *
 * What url.h says of hosts, ports, characters and length is so for all of them. Pure. */
#pragma once

#include "wire/url.h"

typedef enum CheckType {
        CHECK_HTTP,
        CHECK_TCP,
        CHECK_TLS,
        CHECK_DNS,
        CHECK_ICMP,
        CHECK_PUSH, /* no validator's work */
        _CHECK_TYPE_MAX,
} CheckType;

#define CHECK_TYPE_NAME_SIZE 8

typedef struct Target {
        CheckType type;
        bool https;                  /* http only */
        uint16_t port;               /* 0: it has none */
        char host[URL_HOST_MAX + 1]; /* lower case, of IPv6 without brackets; of dns the resolver,
                                        "" the machine's own */
        char name[URL_HOST_MAX + 1]; /* dns: what is asked for, lower case; push: its name */
        char record[8];              /* dns only: "A", "AAAA", "MX" ... */
} Target;

/* 0; -EINVAL with *reason a sentence for people. Any pointer may be NULL. */
int target_check(const char *url, Target *ret, const char **reason);
/* "http", "tcp" ... as in specifications and capabilities. */
const char *check_type_name(CheckType type);
/* -EINVAL: none has this name. */
int check_type_from_name(const char *name);
