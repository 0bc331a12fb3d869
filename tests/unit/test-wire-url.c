/* Which URLs may be checked, and what they say about scheme, host and port. */
#include <errno.h>
#include <stdio.h>

#include "wire-fixture.h"
#include "wire/url.h"

static void good_urls_are_taken_apart(_unused_ void **state) {
        static const struct {
                const char *url, *host;
                uint16_t port;
                bool https;
        } good[] = {
                { "http://example.org", "example.org", 80, false },
                { "HTTPS://Example.ORG:8443/a?b=c#d", "example.org", 8443, true },
                { "http://127.0.0.1:9/", "127.0.0.1", 9, false },
                { "https://[2001:DB8::1]/x", "2001:db8::1", 443, true },
                { "http://[::1]:65535", "::1", 65535, false },
                { "http://xn--bcher-kva.example?q=@:", "xn--bcher-kva.example", 80, false },
                { "http://a_b.example./", "a_b.example.", 80, false },
                { "http://1.2.3.4.example", "1.2.3.4.example", 80, false },
                { "http://1.2.3.4x./", "1.2.3.4x.", 80, false },
                { "http://1password.9live/", "1password.9live", 80, false },
                { "http://[::ffff:192.0.2.1]/", "::ffff:192.0.2.1", 80, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                const char *reason;
                UrlParts parts;

                assert_int_equal(url_check(good[i].url, &parts, &reason), 0);
                assert_null(reason);
                assert_string_equal(parts.host, good[i].host);
                assert_int_equal(parts.port, good[i].port);
                assert_int_equal(parts.https, good[i].https);
        }
        assert_int_equal(url_check("http://a", NULL, NULL), 0);
}

typedef struct BadUrl {
        const char *url, *word;
} BadUrl;

static void expect_refusals(const BadUrl *bad, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const char *reason = NULL;

                assert_int_equal(url_check(bad[i].url, NULL, &reason), -EINVAL);
                assert_non_null(reason);
                if (!strstr(reason, bad[i].word))
                        fail_msg("%s: %s", bad[i].url, reason);
        }
}

static void bad_urls_are_refused_with_a_reason(_unused_ void **state) {
        static const BadUrl bad[] = {
                { NULL, "missing" },
                { "", "http://" },
                { "example.org", "http://" },
                { "file:///etc/passwd", "scheme" },
                { "ftp://example.org", "scheme" },
                { "javascript:alert(1)", "http://" },
                { "http://user:secret@example.org/", "credentials" },
                { "http://user@example.org/", "credentials" },
                { "http:///path", "host" },
                { "http://?q", "host" },
                { "http://:80/", "host" },
                { "http://a..b/", "host" },
                { "http://.a/", "host" },
                { "http://a%2eb/", "host" },
                { "http://[::1/", "host" },
                { "http://[]/", "host" },
                { "http://[::1]x/", "host" },
                { "http://[fe80::1%25eth0]/", "host" },
                { "http://a:0/", "port" },
                { "http://a:65536/", "port" },
                { "http://a:/", "port" },
                { "http://a:8o/", "port" },
                { "http://a:000080/", "port" },
                { "http://a b/", "spaces" },
                { "http://a/\t", "control" },
                { "http://a/\x7f", "control" },
                { "http://b\xc3\xbc"
                  "cher.example/",
                  "xn--" },
                { "http://a\\@b/", "percent" },
                { "http://a/<b>", "percent" },
        };

        expect_refusals(bad, ELEMENTSOF(bad));
}

static void what_looks_like_an_address_is_one(_unused_ void **state) {
        static const BadUrl bad[] = {
                { "http://[127.0.0.1]/", "IPv6" },  { "http://[dddd]/", "IPv6" },
                { "http://[1::2::3]/", "IPv6" },    { "http://[0000000000001::]/", "IPv6" },
                { "http://127.1/", "IPv4" },        { "http://2130706433/", "IPv4" },
                { "http://0x7f000001/", "IPv4" },   { "http://0X7F.1/", "IPv4" },
                { "http://127.0.0.0x1./", "IPv4" }, { "http://0177.0.0.1/", "IPv4" },
                { "http://1.2.3.256/", "IPv4" },    { "http://1.2.3.4.5/", "IPv4" },
                { "http://127.0.0.1./", "IPv4" },   { "http://example.1/", "IPv4" },
                { "http://example.1./", "IPv4" },
        };

        expect_refusals(bad, ELEMENTSOF(bad));
}

static void long_urls_and_labels_are_refused(_unused_ void **state) {
        char url[URL_MAX + 2] = "http://a/", host[400] = "http://";

        memset(url + 9, 'x', URL_MAX - 9);
        assert_int_equal(url_check(url, NULL, NULL), 0);
        url[URL_MAX] = 'x';
        assert_int_equal(url_check(url, NULL, NULL), -EINVAL);
        memset(host + 7, 'a', 63);
        assert_int_equal(url_check(host, NULL, NULL), 0);
        host[70] = 'a';
        assert_int_equal(url_check(host, NULL, NULL), -EINVAL);
        for (size_t i = 0; i < 254; i++)
                host[7 + i] = i % 2 ? '.' : 'a';
        assert_int_equal(url_check(host, NULL, NULL), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_urls_are_taken_apart),
                cmocka_unit_test(bad_urls_are_refused_with_a_reason),
                cmocka_unit_test(what_looks_like_an_address_is_one),
                cmocka_unit_test(long_urls_and_labels_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
