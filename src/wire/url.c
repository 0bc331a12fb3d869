/* URLs a check may carry; see url.h. The grammar is RFC 3986 made narrow: what is refused here
 * never reaches a parser that might read it in another way. */
#include "wire/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef struct UrlSpan {
        const char *at;
        size_t n;
} UrlSpan;

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_alnum(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char to_lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* NULL, or why these characters are refused. */
static const char *check_characters(const char *url) {
        if (strnlen(url, URL_MAX + 1) > URL_MAX)
                return "a URL has at most 2048 characters";
        for (const char *c = url; *c; c++) {
                if ((unsigned char)*c >= 0x80)
                        return "a URL is written in ASCII; an international name in its xn-- form";
                if (*c <= ' ' || *c == 0x7f)
                        return "a URL has no spaces or control characters";
                if (strchr("\"<>\\^`{|}", *c))
                        return "this character must be percent-encoded in a URL";
        }
        return NULL;
}

/* NULL, or why the scheme is refused; *rest starts at the authority. */
static const char *read_scheme(const char *url, UrlParts *ret, const char **rest) {
        if (strncasecmp(url, "http://", 7) == 0)
                *rest = url + 7;
        else if (strncasecmp(url, "https://", 8) == 0)
                *rest = url + 8;
        else if (strstr(url, "://"))
                return "a URL must have the scheme http or https";
        else
                return "a URL starts with http:// or https://";
        ret->https = *rest == url + 8;
        ret->port = ret->https ? 443 : 80;
        return NULL;
}

static const char *read_port(UrlSpan port, UrlParts *ret) {
        unsigned value = 0;

        if (port.n == 0 || port.n > 5)
                return "a port is a number from 1 to 65535";
        for (size_t i = 0; i < port.n; i++) {
                if (!is_digit(port.at[i]))
                        return "a port is a number from 1 to 65535";
                value = value * 10 + (unsigned)(port.at[i] - '0');
        }
        if (value == 0 || value > UINT16_MAX)
                return "a port is a number from 1 to 65535";
        ret->port = (uint16_t)value;
        return NULL;
}

static bool host_character(char c, bool literal) {
        if (literal)
                return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
        return is_alnum(c) || c == '-' || c == '.' || c == '_';
}

/* A name's last label is no number: "127.1" and "0x7f000001" are 127.0.0.1 to some readers and
 * unknown to others. What looks like an address has to be one, in the one spelling that has no
 * second meaning. */
static const char *check_address(const char *host, bool literal) {
        const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;
        uint8_t address[sizeof(struct in6_addr)];

        if (literal)
                return inet_pton(AF_INET6, host, address) == 1 ? NULL : "this is no IPv6 address";
        if (dot && !*last) /* the root is written out */
                last = dot;
        while (last > host && last[-1] != '.')
                last--;
        if (!is_digit(*last))
                return NULL;
        if (last[strspn(last, "0123456789.")] && strncmp(last, "0x", 2) != 0)
                return NULL;
        return inet_pton(AF_INET, host, address) == 1 ? NULL : "this is no IPv4 address";
}

static const char *read_host(UrlSpan host, bool literal, UrlParts *ret) {
        size_t label = 0;

        if (host.n == 0 || host.n > URL_HOST_MAX)
                return "a URL names a host of at most 253 characters";
        for (size_t i = 0; i < host.n; i++) {
                char c = to_lower(host.at[i]);

                if (!host_character(c, literal))
                        return "this is no host name";
                label = c == '.' ? 0 : label + 1;
                if (!literal && (label > 63 || (c == '.' && (i == 0 || host.at[i - 1] == '.'))))
                        return "this is no host name";
                ret->host[i] = c;
        }
        ret->host[host.n] = '\0';
        return check_address(ret->host, literal);
}

/* host, host:port, [v6] or [v6]:port */
static const char *read_authority(UrlSpan a, UrlParts *ret) {
        const char *close = a.n > 0 && a.at[0] == '[' ? memchr(a.at, ']', a.n) : NULL, *error;
        const char *end = a.at + a.n, *host_end = close, *after = close ? close + 1 : NULL;

        if (memchr(a.at, '@', a.n))
                return "a URL must not carry credentials";
        if (!close) {
                host_end = memchr(a.at, ':', a.n);
                host_end = after = host_end ? host_end : end;
        }
        error = close ? read_host((UrlSpan){ a.at + 1, (size_t)(close - a.at - 1) }, true, ret)
                      : read_host((UrlSpan){ a.at, (size_t)(host_end - a.at) }, false, ret);
        if (error || after == end)
                return error;
        if (*after != ':')
                return "this is no host name";
        return read_port((UrlSpan){ after + 1, (size_t)(end - after - 1) }, ret);
}

static int answer(const char *error, const char **reason) {
        *reason = error;
        return error ? -EINVAL : 0;
}

int url_characters_check(const char *url, const char **reason) {
        return answer(check_characters(url), reason);
}

int url_authority_check(const char *authority, size_t n, UrlParts *ret, const char **reason) {
        return answer(read_authority((UrlSpan){ authority, n }, ret), reason);
}

int url_check(const char *url, UrlParts *ret, const char **reason) {
        UrlParts parts = {};
        const char *error = "a URL is missing", *rest = NULL;

        if (url)
                error = check_characters(url);
        if (!error)
                error = read_scheme(url, &parts, &rest);
        if (!error)
                error = read_authority((UrlSpan){ rest, strcspn(rest, "/?#") }, &parts);
        if (reason)
                *reason = error;
        if (error)
                return -EINVAL;
        if (ret)
                *ret = parts;
        return 0;
}
