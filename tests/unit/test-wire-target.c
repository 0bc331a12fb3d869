/* What a check is aimed at, by its URL's scheme. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/target.h"

typedef struct GoodTarget {
        const char *url;
        CheckType type;
        const char *host;
        uint16_t port;
        const char *name, *record;
} GoodTarget;

static void good_targets_are_taken_apart(_unused_ void **state) {
        static const GoodTarget good[] = {
                { "https://Example.org/a", CHECK_HTTP, "example.org", 443, "", "" },
                { "tcp://Example.org:25", CHECK_TCP, "example.org", 25, "", "" },
                { "TCP://[2001:DB8::1]:1", CHECK_TCP, "2001:db8::1", 1, "", "" },
                { "tls://example.org:465", CHECK_TLS, "example.org", 465, "", "" },
                { "icmp://192.0.2.1", CHECK_ICMP, "192.0.2.1", 0, "", "" },
                { "push:nightly-backup", CHECK_PUSH, "", 0, "nightly-backup", "" },
                { "dns:Example.org", CHECK_DNS, "", 0, "example.org", "A" },
                { "dns:_sip._tcp.example.org?TYPE=srv", CHECK_DNS, "", 0, "_sip._tcp.example.org",
                  "SRV" },
                { "dns:///example.org?type=MX", CHECK_DNS, "", 0, "example.org", "MX" },
                { "dns://192.0.2.53/example.org", CHECK_DNS, "192.0.2.53", 53, "example.org", "A" },
                { "dns://[2001:db8::53]:5353/a?type=TXT", CHECK_DNS, "2001:db8::53", 5353, "a",
                  "TXT" },
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                const char *reason = "";
                Target t;

                assert_int_equal(target_check(good[i].url, &t, &reason), 0);
                assert_null(reason);
                assert_int_equal(t.type, good[i].type);
                assert_string_equal(t.host, good[i].host);
                assert_int_equal(t.port, good[i].port);
                assert_string_equal(t.name, good[i].name);
                assert_string_equal(t.record, good[i].record);
        }
        assert_int_equal(target_check("icmp://a", NULL, NULL), 0);
}

static void bad_targets_are_refused_with_a_reason(_unused_ void **state) {
        static const char *const bad[][2] = {
                { NULL, "http://" },
                { "", "http://" },
                { "ftp://a:21", "scheme" },
                { "udp://a:53", "scheme" },
                { "tcp://a", "port" },
                { "tcp://a:0", "port" },
                { "tcp://a:25/", "ends" },
                { "tcp://a:25?x", "ends" },
                { "tls://a", "port" },
                { "tls://u@a:1", "credentials" },
                { "tcp://127.1:1", "IPv4" },
                { "tcp://[::g]:1", "host name" },
                { "icmp://a:1", "no port" },
                { "icmp://", "host" },
                { "icmp://a/b", "ends" },
                { "icmp://a b", "spaces" },
                { "push:", "name" },
                { "push:a b", "spaces" },
                { "push:a/b", "name" },
                { "push://a", "name" },
                { "dns:", "host" },
                { "dns://192.0.2.53", "asked for" },
                { "dns://192.0.2.53/", "host" },
                { "dns:a:53", "host name" },
                { "dns:a/b", "host name" },
                { "dns:a?type=ANY", "record type" },
                { "dns:a?type=AXFR", "record type" },
                { "dns:a?class=IN", "like" },
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                const char *reason = NULL;

                assert_int_equal(target_check(bad[i][0], NULL, &reason), -EINVAL);
                assert_non_null(reason);
                if (!strstr(reason, bad[i][1]))
                        fail_msg("%s: %s", bad[i][0], reason);
        }
}

static void types_have_names(_unused_ void **state) {
        for (int i = 0; i < _CHECK_TYPE_MAX; i++)
                assert_int_equal(check_type_from_name(check_type_name((CheckType)i)), i);
        assert_int_equal(check_type_from_name("ping"), -EINVAL);
        assert_int_equal(check_type_from_name(""), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_targets_are_taken_apart),
                cmocka_unit_test(bad_targets_are_refused_with_a_reason),
                cmocka_unit_test(types_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
