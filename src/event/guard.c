/* Every address becomes 16 bytes (IPv4 as mapped), every rule a prefix of those. */
#include "event/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct Prefix {
        uint8_t address[16];
        unsigned bits;
} Prefix;

typedef struct PrefixList {
        Prefix items[GUARD_RULES_MAX];
        size_t n;
} PrefixList;

typedef struct PortRange {
        unsigned from, to;
} PortRange;

struct Guard {
        PrefixList allow, deny;
        PortRange ports[GUARD_RULES_MAX]; /* denied */
        size_t n_ports;
};

/* IANA special-purpose registries (RFC 6890 and its updates), multicast and reserved space. */
static const char *const special_v4[] = {
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        NULL,
};
/* Of IPv6 only global unicast is open; these parts of 2000::/3 are special. */
static const char *const special_v6[] = {
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", NULL,
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

static bool matches(const Prefix *p, const uint8_t a[static 16]) {
        unsigned bytes = p->bits / 8, rest = p->bits % 8;

        if (memcmp(p->address, a, bytes) != 0)
                return false;
        return rest == 0 || (p->address[bytes] ^ a[bytes]) >> (8 - rest) == 0;
}

static bool list_matches(const PrefixList *l, const uint8_t a[static 16]) {
        for (size_t i = 0; i < l->n; i++)
                if (matches(&l->items[i], a))
                        return true;
        return false;
}

/* Digits and nothing else. */
static int parse_number(const char *text, unsigned max, unsigned *ret) {
        char *end;
        unsigned long v;

        if (*text < '0' || *text > '9')
                return -EINVAL;
        v = strtoul(text, &end, 10);
        if (*end || v > max)
                return -EINVAL;
        *ret = (unsigned)v;
        return 0;
}

static int parse_prefix(const char *text, Prefix *ret) {
        char address[INET6_ADDRSTRLEN + 4];
        const char *slash = strchr(text, '/');
        size_t n = slash ? (size_t)(slash - text) : strlen(text);
        bool v4;

        if (n >= sizeof(address))
                return -EINVAL;
        memcpy(address, text, n);
        address[n] = '\0';
        memcpy(ret->address, mapped, sizeof(mapped));
        v4 = inet_pton(AF_INET, address, ret->address + 12) == 1;
        if (!v4 && inet_pton(AF_INET6, address, ret->address) != 1)
                return -EINVAL;

        ret->bits = v4 ? 32 : 128;
        if (slash && parse_number(slash + 1, ret->bits, &ret->bits) < 0)
                return -EINVAL;
        ret->bits += v4 ? 96 : 0;
        return 0;
}

/* Each word goes to add(), which refuses it by a negative answer. */
static int parse_words(const char *text, int (*add)(void *list, char *word), void *list,
                       char **error) {
        _cleanup_free_ char *copy = strdup(text ? text : "");
        char *state = NULL;

        if (!copy)
                return -ENOMEM;
        for (char *word = strtok_r(copy, ", \t", &state); word;
             word = strtok_r(NULL, ", \t", &state)) {
                _cleanup_free_ char *kept = strdup(word);

                if (!kept)
                        return -ENOMEM;
                if (add(list, word) >= 0)
                        continue;
                if (error)
                        *error = TAKE_PTR(kept);
                return -EINVAL;
        }
        return 0;
}

static int add_prefix(void *list, char *word) {
        PrefixList *l = list;

        if (l->n == GUARD_RULES_MAX || parse_prefix(word, &l->items[l->n]) < 0)
                return -EINVAL;
        l->n++;
        return 0;
}

/* "25" or "137-139" */
static int add_ports(void *list, char *word) {
        char *dash = strchr(word, '-');
        PortRange range;
        Guard *g = list;

        if (dash)
                *dash = '\0';
        if (parse_number(word, UINT16_MAX, &range.from) < 0 ||
            parse_number(dash ? dash + 1 : word, UINT16_MAX, &range.to) < 0)
                return -EINVAL;
        if (range.to < range.from || g->n_ports == GUARD_RULES_MAX)
                return -EINVAL;
        g->ports[g->n_ports++] = range;
        return 0;
}

int guard_new(Guard **ret, const char *allow, const char *deny, char **error) {
        _cleanup_(guard_freep) Guard *g = calloc(1, sizeof(*g));
        int r;

        if (!g)
                return -ENOMEM;
        r = parse_words(allow, add_prefix, &g->allow, error);
        if (r < 0)
                return r;
        r = parse_words(deny, add_prefix, &g->deny, error);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(g);
        return 0;
}

int guard_deny_ports(Guard *g, const char *ports, char **error) {
        return parse_words(ports, add_ports, g, error);
}

Guard *guard_free(Guard *g) {
        free(g);
        return NULL;
}

static bool is_special(const char *const *table, const uint8_t a[static 16]) {
        Prefix p;

        for (; *table; table++)
                if (parse_prefix(*table, &p) == 0 && matches(&p, a))
                        return true;
        return false;
}

static void to_mapped(const uint8_t v4[static 4], uint8_t ret[static 16]) {
        memcpy(ret, mapped, sizeof(mapped));
        memcpy(ret + 12, v4, 4);
}

/* The IPv4 address that a translating form carries; false: none. */
static bool embedded(const uint8_t a[static 16], uint8_t ret[static 16]) {
        uint8_t teredo[4] = { a[12] ^ 0xff, a[13] ^ 0xff, a[14] ^ 0xff, a[15] ^ 0xff };

        if (memcmp(a, nat64, sizeof(nat64)) == 0)
                to_mapped(a + 12, ret);
        else if (a[0] == 0x20 && a[1] == 0x02)
                to_mapped(a + 2, ret);
        else if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 && a[3] == 0)
                to_mapped(teredo, ret);
        else
                return false;
        return true;
}

static bool is_public(const uint8_t a[static 16]) {
        if (memcmp(a, mapped, sizeof(mapped)) == 0)
                return !is_special(special_v4, a);
        if (memcmp(a, nat64, sizeof(nat64)) == 0)
                return true; /* as far as what it carries is */
        return a[0] >> 5 == 1 && !is_special(special_v6, a);
}

static bool to_bytes(const struct sockaddr *address, uint8_t ret[static 16]) {
        if (address->sa_family == AF_INET) {
                to_mapped((const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr, ret);
                return true;
        }
        if (address->sa_family == AF_INET6) {
                memcpy(ret, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
                return true;
        }
        return false;
}

static bool permitted(const Guard *g, const uint8_t a[static 16]) {
        return !list_matches(&g->deny, a) && (list_matches(&g->allow, a) || is_public(a));
}

/* sin_port and sin6_port lie at the same place. */
static bool is_denied_port(const Guard *g, const struct sockaddr *address) {
        unsigned port = ntohs(((const struct sockaddr_in *)address)->sin_port);

        for (size_t i = 0; i < g->n_ports; i++)
                if (port >= g->ports[i].from && port <= g->ports[i].to)
                        return true;
        return false;
}

bool guard_allows(const Guard *g, const struct sockaddr *address) {
        uint8_t a[16], inner[16];

        if (!to_bytes(address, a) || !permitted(g, a) || is_denied_port(g, address))
                return false;
        return !embedded(a, inner) || permitted(g, inner);
}

bool guard_is_public(const struct sockaddr *address) {
        const Guard nothing = { 0 };

        return guard_allows(&nothing, address);
}

bool guard_is_named(const Guard *g, const struct sockaddr *address) {
        uint8_t a[16];

        return to_bytes(address, a) && list_matches(&g->allow, a);
}
