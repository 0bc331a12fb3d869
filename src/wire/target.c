/* Targets of checks; see target.h. Hosts, ports and characters are url.c's. */
#include "wire/target.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"

#define PORT_DNS      53
#define PUSH_NAME_MAX 100

static const char *const type_names[_CHECK_TYPE_MAX] = {
        [CHECK_HTTP] = "http", [CHECK_TCP] = "tcp",   [CHECK_TLS] = "tls",
        [CHECK_DNS] = "dns",   [CHECK_ICMP] = "icmp", [CHECK_PUSH] = "push",
};

static const char *const records[] = {
        "A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT",
};

const char *check_type_name(CheckType type) {
        return type_names[type];
}

int check_type_from_name(const char *name) {
        for (int i = 0; i < _CHECK_TYPE_MAX; i++)
                if (strcmp(type_names[i], name) == 0)
                        return i;
        return -EINVAL;
}

static int refuse(const char **reason, const char *sentence) {
        *reason = sentence;
        return -EINVAL;
}

static void set_host(Target *t, const UrlParts *parts) {
        memcpy(t->host, parts->host, sizeof(t->host));
        t->port = parts->port;
}

static int read_http(const char *url, Target *t, const char **reason) {
        UrlParts parts;
        int r;

        r = url_check(url, &parts, reason);
        if (r < 0)
                return r;
        t->https = parts.https;
        set_host(t, &parts);
        return 0;
}

/* tcp://host:port and nothing behind it; icmp://host. */
static int read_endpoint(const char *rest, Target *t, const char **reason) {
        bool has_port = t->type != CHECK_ICMP;
        size_t n = strcspn(rest, "/?#");
        UrlParts parts = {};
        int r;

        if (rest[n])
                return refuse(reason, "this kind of URL ends with its host or port");
        r = url_authority_check(rest, n, &parts, reason);
        if (r < 0)
                return r;
        if (has_port && parts.port == 0)
                return refuse(reason, "this kind of URL names a port, like tcp://host:25");
        if (!has_port && parts.port != 0)
                return refuse(reason, "an icmp URL has no port");
        set_host(t, &parts);
        return 0;
}

static int read_record(const char *query, Target *t, const char **reason) {
        if (*query == '\0')
                query = "?type=A";
        if (strncasecmp(query, "?type=", 6) != 0)
                return refuse(reason, "a dns URL asks like dns:example.org?type=MX");
        for (size_t i = 0; i < ELEMENTSOF(records); i++) {
                if (strcasecmp(records[i], query + 6) == 0) {
                        memccpy(t->record, records[i], 0, sizeof(t->record));
                        return 0;
                }
        }
        return refuse(reason, "a record type is A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV or TXT");
}

static int read_resolver(const char *text, size_t n, Target *t, const char **reason) {
        UrlParts parts = { .port = PORT_DNS };
        int r;

        if (n == 0)
                return 0;
        r = url_authority_check(text, n, &parts, reason);
        if (r == 0)
                set_host(t, &parts);
        return r;
}

static int read_dns(const char *rest, Target *t, const char **reason) {
        UrlParts name = {};
        size_t n;
        int r;

        if (strncmp(rest, "//", 2) == 0) {
                n = strcspn(rest + 2, "/?#");
                r = read_resolver(rest + 2, n, t, reason);
                if (r < 0)
                        return r;
                rest += 2 + n;
                if (*rest++ != '/')
                        return refuse(reason, "a dns URL names what is asked for, like"
                                              " dns://192.0.2.53/example.org?type=A");
        }
        n = strcspn(rest, "?");
        if (memchr(rest, ':', n))
                return refuse(reason, "this is no host name");
        r = url_authority_check(rest, n, &name, reason);
        if (r < 0)
                return r;
        memcpy(t->name, name.host, sizeof(t->name));
        return read_record(rest + n, t, reason);
}

static int read_push(const char *rest, Target *t, const char **reason) {
        size_t n = strspn(rest,
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

        if (n == 0 || rest[n] || n > PUSH_NAME_MAX)
                return refuse(reason, "what is behind push: is a name of at most 100 letters,"
                                      " digits, dots, dashes and underscores");
        memcpy(t->name, rest, n + 1);
        return 0;
}

static int read_target(const char *url, Target *t, const char **reason) {
        static const struct {
                const char *prefix;
                CheckType type;
                int (*read)(const char *rest, Target *t, const char **reason);
        } schemes[] = {
                { "tcp://", CHECK_TCP, read_endpoint },   { "tls://", CHECK_TLS, read_endpoint },
                { "icmp://", CHECK_ICMP, read_endpoint }, { "dns:", CHECK_DNS, read_dns },
                { "push:", CHECK_PUSH, read_push },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
                size_t n = strlen(schemes[i].prefix);

                if (strncasecmp(url, schemes[i].prefix, n) != 0)
                        continue;
                r = url_characters_check(url, reason);
                if (r < 0)
                        return r;
                t->type = schemes[i].type;
                return schemes[i].read(url + n, t, reason);
        }
        return read_http(url, t, reason);
}

int target_check(const char *url, Target *ret, const char **reason) {
        Target t = { .type = CHECK_HTTP };
        const char *unused;
        int r;

        reason = reason ? reason : &unused;
        *reason = NULL;
        r = read_target(url ? url : "", &t, reason);
        if (r == 0 && ret)
                *ret = t;
        return r;
}
