/* Any allow-list, deny-list and address (a line each): what the owner denies and what no public
 * network has is never allowed, in whatever form the address is spelled or carried; a longer
 * deny-list allows nothing more, a longer allow-list nothing less. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "event/guard.h"
#include "property.h"

typedef struct Bytes {
        uint8_t b[16]; /* IPv4 as mapped */
} Bytes;

static const Bytes mapped = { { [10] = 0xff, [11] = 0xff } };

static Bytes with_v4(Bytes form, size_t at, const Bytes *v4, uint8_t flip) {
        for (size_t i = 0; i < 4; i++)
                form.b[at + i] = v4->b[12 + i] ^ flip;
        return form;
}

static bool is_v4(const Bytes *a) {
        return memcmp(a->b, mapped.b, 12) == 0;
}

static bool read_address(const char *text, Bytes *ret) {
        *ret = mapped;
        return inet_pton(AF_INET, text, ret->b + 12) == 1 || inet_pton(AF_INET6, text, ret->b) == 1;
}

static bool allows_v6(const Guard *g, const Bytes *a) {
        struct sockaddr_in6 s = { .sin6_family = AF_INET6 };

        memcpy(&s.sin6_addr, a->b, sizeof(a->b));
        return guard_allows(g, (const struct sockaddr *)&s);
}

/* IPv4 is the same whether a socket of its family is used or one of IPv6. */
static bool allows(const Guard *g, const Bytes *a) {
        struct sockaddr_in s = { .sin_family = AF_INET };
        bool allowed = allows_v6(g, a);

        memcpy(&s.sin_addr, a->b + 12, 4);
        PROPERTY(!is_v4(a) || guard_allows(g, (const struct sockaddr *)&s) == allowed);
        return allowed;
}

static bool in_prefix(const Bytes *a, const Bytes *prefix, unsigned bits) {
        for (unsigned i = 0; i < bits; i++)
                if ((a->b[i / 8] ^ prefix->b[i / 8]) >> (7 - i % 8) & 1)
                        return false;
        return true;
}

/* A list the guard has taken, read once more by other means. */
static bool listed(const char *list, const Bytes *a) {
        char *copy = strdup(list), *state, *word;
        bool found = false;
        Bytes prefix;

        PROPERTY(copy != NULL);
        for (word = strtok_r(copy, ", \t", &state); word; word = strtok_r(NULL, ", \t", &state)) {
                char *slash = strchr(word, '/');
                bool v4 = !strchr(word, ':');
                unsigned bits = slash ? (unsigned)strtoul(slash + 1, NULL, 10) + (v4 ? 96 : 0)
                                      : 128;

                if (slash)
                        *slash = '\0';
                PROPERTY(read_address(word, &prefix) && bits <= 128);
                found = found || in_prefix(a, &prefix, bits);
        }
        free(copy);
        return found;
}

/* Some of what no public network has, each written as plainly as can be. */
static bool is_private(const Bytes *a) {
        const uint8_t *v4 = a->b + 12;

        if (!is_v4(a))
                return a->b[0] >> 5 != 1 && (a->b[0] != 0 || a->b[1] != 0x64);
        return v4[0] == 0 || v4[0] == 10 || v4[0] == 127 || v4[0] >= 224 ||
               (v4[0] == 100 && v4[1] >> 6 == 1) || (v4[0] == 169 && v4[1] == 254) ||
               (v4[0] == 172 && v4[1] >> 4 == 1) || (v4[0] == 192 && v4[1] == 168);
}

typedef struct Owner {
        const char *allow, *deny;
        Guard *guard;
} Owner;

static bool is_forbidden(const Owner *o, const Bytes *a) {
        return listed(o->deny, a) || (is_private(a) && !listed(o->allow, a));
}

/* What carries an IPv4 address inside: NAT64, 6to4, Teredo. */
static void check_carried(const Owner *o, const Bytes *v4) {
        const Bytes nat64 = { { 0x00, 0x64, 0xff, 0x9b } }, six = { { 0x20, 0x02 } },
                    teredo = { { 0x20, 0x01 } };
        const Bytes forms[] = { with_v4(nat64, 12, v4, 0), with_v4(six, 2, v4, 0),
                                with_v4(teredo, 12, v4, 0xff) };

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                PROPERTY(!is_forbidden(o, v4) || !allows(o->guard, &forms[i]));
                PROPERTY(allows(o->guard, v4) || !allows(o->guard, &forms[i]));
                PROPERTY(!is_forbidden(o, &forms[i]) || !allows(o->guard, &forms[i]));
        }
}

static void check_lists(const Owner *o, const Bytes *a) {
        _cleanup_(guard_freep) Guard *strict = NULL, *open = NULL, *closed = NULL;
        _cleanup_free_ char *more = NULL;
        char text[INET6_ADDRSTRLEN];

        PROPERTY(guard_new(&strict, NULL, o->deny, NULL) == 0);
        PROPERTY(guard_new(&open, o->allow, "", NULL) == 0);
        PROPERTY(!allows(strict, a) || allows(o->guard, a));
        PROPERTY(!allows(o->guard, a) || allows(open, a));
        inet_ntop(AF_INET6, a->b, text, sizeof(text));
        PROPERTY(asprintf(&more, "%s %s", o->deny, text) > 0);
        if (guard_new(&closed, o->allow, more, NULL) == 0)
                PROPERTY(!allows(closed, a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size), *error = NULL;
        char *rest = text;
        Owner o = { .allow = input_line(&rest) };
        Bytes a;
        int r;

        o.deny = input_line(&rest);
        r = guard_new(&o.guard, o.allow, o.deny, &error);
        PROPERTY(r == 0 || (r == -EINVAL && error && !o.guard));
        PROPERTY(r == 0 || strstr(o.allow, error) || strstr(o.deny, error));
        if (r == 0 && read_address(input_line(&rest), &a)) {
                PROPERTY(!is_forbidden(&o, &a) || !allows(o.guard, &a));
                check_lists(&o, &a);
                if (is_v4(&a))
                        check_carried(&o, &a);
        }
        guard_free(o.guard);
        return 0;
}
