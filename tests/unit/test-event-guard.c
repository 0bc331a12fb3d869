/* Every special range with its edges, every spelling that hides one, and who wins of allow and
 * deny. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "event/guard.h"

static bool allows(const Guard *g, const char *text) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
                return guard_allows(g, (struct sockaddr *)&v4);
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        return guard_allows(g, (struct sockaddr *)&v6);
}

static Guard *guard_of(const char *allow, const char *deny) {
        Guard *g = NULL;

        assert_int_equal(guard_new(&g, allow, deny, NULL), 0);
        return g;
}

typedef struct Row {
        const char *address;
        bool open;
} Row;

static void check_rows(const Guard *g, const Row *rows, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (allows(g, rows[i].address) != rows[i].open)
                        fail_msg("%s is %s", rows[i].address, rows[i].open ? "refused" : "allowed");
}

static void special_ipv4_is_refused(void **state _unused_) {
        static const Row rows[] = {
                { "0.0.0.0", false },         { "0.255.255.255", false },
                { "1.0.0.0", true },          { "9.255.255.255", true },
                { "10.0.0.0", false },        { "10.255.255.255", false },
                { "11.0.0.0", true },         { "100.63.255.255", true },
                { "100.64.0.0", false },      { "100.127.255.255", false },
                { "100.128.0.0", true },      { "126.255.255.255", true },
                { "127.0.0.1", false },       { "127.255.255.255", false },
                { "128.0.0.0", true },        { "169.253.255.255", true },
                { "169.254.0.0", false },     { "169.254.169.254", false },
                { "169.255.0.0", true },      { "172.15.255.255", true },
                { "172.16.0.0", false },      { "172.31.255.255", false },
                { "172.32.0.0", true },       { "192.0.0.0", false },
                { "192.0.0.170", false },     { "192.0.0.255", false },
                { "192.0.1.0", true },        { "192.0.2.1", false },
                { "192.0.3.0", true },        { "192.31.196.1", false },
                { "192.52.193.1", false },    { "192.88.99.1", false },
                { "192.88.100.0", true },     { "192.167.255.255", true },
                { "192.168.0.0", false },     { "192.168.255.255", false },
                { "192.169.0.0", true },      { "192.175.48.1", false },
                { "198.17.255.255", true },   { "198.18.0.0", false },
                { "198.19.255.255", false },  { "198.20.0.0", true },
                { "198.51.100.7", false },    { "203.0.113.7", false },
                { "223.255.255.255", true },  { "224.0.0.1", false },
                { "239.255.255.255", false }, { "240.0.0.0", false },
                { "255.255.255.255", false }, { "8.8.8.8", true },
        };
        _cleanup_(guard_freep) Guard *g = guard_of(NULL, NULL);

        check_rows(g, rows, ELEMENTSOF(rows));
}

static void special_ipv6_is_refused(void **state _unused_) {
        static const Row rows[] = {
                { "::", false },
                { "::1", false },
                { "::8.8.8.8", false }, /* IPv4-compatible, gone since RFC 4291 */
                { "64:ff9b:1::1", false },
                { "64:ff9b:1::8.8.8.8", false },
                { "100::1", false },
                { "1fff:ffff::1", false },
                { "2000::1", true },
                { "2001::1", false },
                { "2001:1::1", false },
                { "2001:2::1", false },
                { "2001:3::1", false },
                { "2001:4:112::1", false },
                { "2001:10::1", false },
                { "2001:20::1", false },
                { "2001:30::1", false },
                { "2001:1ff:ffff::1", false },
                { "2001:200::1", true },
                { "2001:db7:ffff::1", true },
                { "2001:db8::1", false },
                { "2001:db9::1", true },
                { "2002::1", false },
                { "2003::1", true },
                { "2606:4700:4700::1111", true },
                { "2620:4f:8000::1", false },
                { "2620:4f:8001::1", true },
                { "2a00:1450:4001::1", true },
                { "3ffe:ffff::1", true },
                { "3fff::1", false },
                { "3fff:fff::1", false },
                { "3fff:1000::1", true },
                { "4000::1", false },
                { "5f00::1", false },
                { "fc00::1", false },
                { "fd00:ec2::254", false },
                { "fe80::1", false },
                { "fec0::1", false },
                { "ff02::1", false },
        };
        _cleanup_(guard_freep) Guard *g = guard_of(NULL, NULL);

        check_rows(g, rows, ELEMENTSOF(rows));
}

static void an_embedded_address_is_judged_as_itself(void **state _unused_) {
        static const Row rows[] = {
                { "::ffff:8.8.8.8", true },
                { "::ffff:127.0.0.1", false },
                { "::ffff:7f00:1", false },
                { "::ffff:10.1.2.3", false },
                { "::ffff:169.254.169.254", false },
                { "::ffff:0:127.0.0.1", false }, /* translated form of RFC 2765 */
                { "64:ff9b::8.8.8.8", true },
                { "64:ff9b::127.0.0.1", false },
                { "64:ff9b::a00:1", false },
                { "64:ff9b::192.168.1.1", false },
                { "2002:808:808::1", false },
                { "2002:7f00:1::1", false },
                { "2001:0:808:808::80ff:fffe", false },
        };
        _cleanup_(guard_freep) Guard *g = guard_of(NULL, NULL);

        check_rows(g, rows, ELEMENTSOF(rows));
}

static void the_owner_opens_what_is_named(void **state _unused_) {
        static const Row rows[] = {
                { "127.0.0.1", true },
                { "127.0.0.2", false },
                { "::ffff:127.0.0.1", true },
                { "10.7.0.1", true },
                { "10.8.0.1", false },
                { "fd00::1", true },
                { "fd01::1", false },
                { "::1", false },
                { "64:ff9b::127.0.0.1", true },
                { "8.8.8.8", true },
                { "2002:808:808::1", true },
                { "2002:7f00:1::1", true },
                { "2002:a08:1::1", false },
                { "2001:0:1::f5f7:fffe", false },
                { "2001:0:1::f7f7:f7f7", true },
                { "64:ff9b::10.8.0.1", false },
        };
        _cleanup_(guard_freep) Guard *g =
                        guard_of("127.0.0.1, 10.7.0.0/16\tfd00::/16 2002::/16,2001::/32", NULL);

        check_rows(g, rows, ELEMENTSOF(rows));
}

static void the_deny_list_wins(void **state _unused_) {
        static const Row rows[] = {
                { "8.8.8.8", false },         { "8.8.8.9", true },
                { "::ffff:8.8.8.8", false },  { "64:ff9b::8.8.8.8", false },
                { "2002:808:808::1", false }, { "2001:0:1::f7f7:f7f7", false },
                { "10.0.0.1", true },         { "10.0.0.255", true },
                { "10.0.1.0", false },        { "10.0.127.255", false },
                { "10.0.128.0", true },       { "2a00::1", false },
                { "2a01::1", true },
        };
        _cleanup_(guard_freep) Guard *g = guard_of("10.0.0.0/8,2002::/16,2001::/32",
                                                   "8.8.8.8 10.0.1.77/24,10.0.2.0/23 10.0.4.0/22 "
                                                   "10.0.8.0/21 10.0.16.0/20 10.0.32.0/19 "
                                                   "10.0.64.0/18 2a00::/16");

        check_rows(g, rows, ELEMENTSOF(rows));
}

static void everything_may_be_opened_or_closed(void **state _unused_) {
        _cleanup_(guard_freep) Guard *open = guard_of("::/0", NULL),
                                     *v4 = guard_of("0.0.0.0/0", ""),
                                     *closed = guard_of("::/0", "::/0");

        assert_true(allows(open, "127.0.0.1") && allows(open, "::1") && allows(open, "ff02::1"));
        assert_true(allows(v4, "127.0.0.1") && allows(v4, "255.255.255.255"));
        assert_false(allows(v4, "::1"));
        assert_false(allows(closed, "8.8.8.8") || allows(closed, "2003::1"));
}

static void only_the_allow_list_names(void **state _unused_) {
        _cleanup_(guard_freep) Guard *g = guard_of("10.0.0.0/8, fd00::/8", "10.1.0.0/16");
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        struct sockaddr_un local = { .sun_family = AF_UNIX };

        inet_pton(AF_INET, "10.9.9.9", &v4.sin_addr);
        assert_true(guard_is_named(g, (struct sockaddr *)&v4));
        inet_pton(AF_INET, "9.9.9.9", &v4.sin_addr);
        assert_false(guard_is_named(g, (struct sockaddr *)&v4));
        inet_pton(AF_INET6, "fd00::1", &v6.sin6_addr);
        assert_true(guard_is_named(g, (struct sockaddr *)&v6));
        assert_false(guard_is_named(g, (struct sockaddr *)&local));
}

static void malformed_lists_are_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "127.0.0.1/33",
                "::1/129",
                "127.0.0.1/",
                "127.0.0.1/-1",
                "127.0.0.1/8x",
                "127.1",
                "0x7f000001",
                "0177.0.0.1x",
                "example.org",
                "fe80::1%lo",
                "[::1]",
                "::1/ 64",
                "127.0.0.1/+8",
                "/8",
                "1.2.3.4;5.6.7.8",
                "127.0.0.1:443",
                "::1/99999999999999999999999",
                "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_free_ char *error = NULL;
                Guard *g = NULL;

                assert_int_equal(guard_new(&g, NULL, wrong[i], NULL), -EINVAL);
                assert_int_equal(guard_new(&g, wrong[i], NULL, &error), -EINVAL);
                assert_non_null(error);
                assert_memory_equal(wrong[i], error, strlen(error));
                assert_null(g);
        }
}

static void lists_are_bounded(void **state _unused_) {
        char text[(GUARD_RULES_MAX + 1) * 8 + 1] = "";
        Guard *g = NULL;

        for (int i = 0; i < GUARD_RULES_MAX; i++)
                memcpy(text + i * 8, "9.9.9.9 ", 8);
        assert_int_equal(guard_new(&g, text, NULL, NULL), 0);
        g = guard_free(g);
        memcpy(text + (size_t)GUARD_RULES_MAX * 8, "9.9.9.9", 8);
        assert_int_equal(guard_new(&g, text, NULL, NULL), -EINVAL);
}

static void public_is_what_nobody_has_to_allow(void **state _unused_) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(25) };

        inet_pton(AF_INET, "9.9.9.9", &a.sin_addr);
        assert_true(guard_is_public((struct sockaddr *)&a));
        inet_pton(AF_INET, "10.0.0.1", &a.sin_addr);
        assert_false(guard_is_public((struct sockaddr *)&a));
}

static bool allows_port(const Guard *g, const char *text, uint16_t port) {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
                return guard_allows(g, (struct sockaddr *)&v4);
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        return guard_allows(g, (struct sockaddr *)&v6);
}

static void denied_ports_are_denied_everywhere(void **state _unused_) {
        static const struct {
                uint16_t port;
                bool open;
        } rows[] = {
                { 24, true },    { 25, false },   { 26, true },   { 136, true },
                { 137, false },  { 138, false },  { 139, false }, { 140, true },
                { 6659, true },  { 6660, false }, { 80, true },   { 443, true },
                { 6669, false }, { 6670, true },  { 0, true },    { 65535, true },
        };
        static const char *const addresses[] = { "8.8.8.8", "10.0.0.1", "2003::1",
                                                 "::ffff:8.8.8.8" };
        _cleanup_(guard_freep) Guard *g = guard_of("10.0.0.0/8", NULL);

        assert_true(allows_port(g, "8.8.8.8", 25));
        assert_int_equal(guard_deny_ports(g, GUARD_DENY_PORTS, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (size_t k = 0; k < ELEMENTSOF(addresses); k++)
                        if (allows_port(g, addresses[k], rows[i].port) != rows[i].open)
                                fail_msg("%s port %u", addresses[k], rows[i].port);
        assert_int_equal(guard_deny_ports(g, NULL, NULL), 0);
        assert_int_equal(guard_deny_ports(g, "65535 0", NULL), 0);
        assert_false(allows_port(g, "8.8.8.8", 65535) || allows_port(g, "8.8.8.8", 0));
}

static void malformed_ports_are_refused(void **state _unused_) {
        static const char *const wrong[] = { "smtp", "25x",   "65536", "-25",   "25-", "-",
                                             "7-6",  "1-2-3", "0x19",  "25:26", "+25", "1-99999" };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_(guard_freep) Guard *g = guard_of(NULL, NULL);
                _cleanup_free_ char *error = NULL;

                assert_int_equal(guard_deny_ports(g, wrong[i], &error), -EINVAL);
                assert_string_equal(error, wrong[i]);
                assert_int_equal(guard_deny_ports(g, wrong[i], NULL), -EINVAL);
        }
}

static void lists_of_ports_are_bounded(void **state _unused_) {
        _cleanup_(guard_freep) Guard *g = guard_of(NULL, NULL);

        for (int i = 0; i < GUARD_RULES_MAX; i++)
                assert_int_equal(guard_deny_ports(g, "25", NULL), 0);
        assert_int_equal(guard_deny_ports(g, "25", NULL), -EINVAL);
}

static void other_families_are_refused(void **state _unused_) {
        _cleanup_(guard_freep) Guard *g = guard_of("::/0", NULL);
        struct sockaddr_un local = { .sun_family = AF_UNIX };

        assert_false(guard_allows(g, (struct sockaddr *)&local));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(special_ipv4_is_refused),
                cmocka_unit_test(special_ipv6_is_refused),
                cmocka_unit_test(an_embedded_address_is_judged_as_itself),
                cmocka_unit_test(the_owner_opens_what_is_named),
                cmocka_unit_test(the_deny_list_wins),
                cmocka_unit_test(everything_may_be_opened_or_closed),
                cmocka_unit_test(only_the_allow_list_names),
                cmocka_unit_test(malformed_lists_are_refused),
                cmocka_unit_test(lists_are_bounded),
                cmocka_unit_test(public_is_what_nobody_has_to_allow),
                cmocka_unit_test(denied_ports_are_denied_everywhere),
                cmocka_unit_test(malformed_ports_are_refused),
                cmocka_unit_test(lists_of_ports_are_bounded),
                cmocka_unit_test(other_families_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
