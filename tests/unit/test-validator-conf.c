/* What has to be right before the validator starts. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "folder-fixture.h"
#include "validator/conf.h"

static int load(const char *text, ValidatorConf *ret, char **error) {
        Folder folder = folder_new();
        char path[256];
        int r;

        unsetenv("HUB_WSS_URL");
        unsetenv("STATE_DIRECTORY");
        r = validator_conf_load(folder_put(&folder, "validator.conf", text, 0600, path), ret,
                                error);
        folder_done(&folder);
        return r;
}

static void refuse(const char *text, const char *why) {
        _cleanup_free_ char *error = NULL;
        ValidatorConf c = { 0 };

        assert_int_equal(load(text, &c, &error), -EINVAL);
        assert_non_null(error);
        assert_non_null(strstr(error, why));
        assert_null(c.hub_url);
}

static void little_has_to_be_set(void **state _unused_) {
        _cleanup_free_ char *error = NULL;
        ValidatorConf c = { 0 };

        assert_int_equal(load("[Validator]\nHubUrl=wss://hub.example.org/ws\n", &c, &error), 0);
        assert_null(error);
        assert_string_equal(c.hub_url, "wss://hub.example.org/ws");
        assert_string_equal(c.state_directory, "/var/lib/dpin-validator");
        assert_int_equal(c.bytes_per_second, 12500000);
        assert_int_equal(c.checks_per_second, 1000);
        assert_int_equal(c.concurrency, 200);
        assert_int_equal(c.spool_max, 256 << 20);
        assert_int_equal(c.retry_max, 30 * USEC_PER_SEC);
        assert_int_equal(c.timeout_max, USEC_PER_MIN);
        assert_null(c.allow);
        validator_conf_done(&c);
}

static void resolvers_are_addresses(void **state _unused_) {
        static const char *const rows[][2] = {
                { "192.0.2.53", "192.0.2.53:53" },
                { "192.0.2.53:5353, 2001:db8::53", "192.0.2.53:5353,[2001:db8::53]:53" },
                { "[2001:db8::53]:54", "[2001:db8::53]:54" },
        };
        _cleanup_free_ char *list = NULL;
        ValidatorConf c = { 0 };
        char *error = NULL;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                c.resolvers = (char *)rows[i][0];
                assert_int_equal(validator_conf_resolvers(&c, &list, &error), 0);
                assert_string_equal(list, rows[i][1]);
                free(list);
        }
        c.resolvers = (char *)", ";
        assert_int_equal(validator_conf_resolvers(&c, &list, &error), 0);
        assert_null(list);
        c.resolvers = NULL;
        assert_int_equal(validator_conf_resolvers(&c, &list, &error), 0);
        assert_null(list);
        assert_null(error);
}

static void the_environment_overrides(void **state _unused_) {
        _cleanup_free_ char *error = NULL;
        ValidatorConf c = { 0 };
        Folder folder = folder_new();
        char path[256];

        setenv("HUB_WSS_URL", "ws://127.0.0.1:8081/", 1);
        folder_put(&folder, "validator.conf", "[Validator]\nHubUrl=wss://hub.example.org/ws\n",
                   0600, path);
        assert_int_equal(validator_conf_load(path, &c, &error), 0);
        assert_string_equal(c.hub_url, "ws://127.0.0.1:8081/");
        unsetenv("HUB_WSS_URL");
        validator_conf_done(&c);
        folder_done(&folder);
}

static void a_hub_has_to_be_named(void **state _unused_) {
        refuse("[Validator]\n", "HubUrl is not set");
        refuse("[Validator]\nHubUrl=https://hub.example.org/\n", "wss://");
}

static void settings_can_be_read_unjudged(void **state _unused_) {
        Folder folder = folder_new();
        char path[256];
        ValidatorConf c = { 0 };
        _cleanup_free_ char *error = NULL;

        folder_put(&folder, "validator.conf", "[Validator]\nStateDirectory=/a\n", 0600, path);
        assert_int_equal(validator_conf_read(path, &c, &error), 0);
        assert_string_equal(c.state_directory, "/a");
        validator_conf_done(&c);
        folder_put(&folder, "validator.conf", "[Validator]\nHubURI=ws://h/\n", 0600, path);
        assert_int_equal(validator_conf_read(path, &c, &error), -EINVAL);
        folder_done(&folder);
}

static void lists_of_addresses_are_checked(void **state _unused_) {
        refuse("[Validator]\nHubUrl=ws://h/\nAllow=127.0.0.0/8 ten\n", "\"ten\"");
        refuse("[Validator]\nHubUrl=ws://h/\nDeny=1.2.3.4/40\n", "\"1.2.3.4/40\"");
        refuse("[Validator]\nHubUrl=ws://h/\nDenyPorts=25,smtp\n", "DenyPorts=: \"smtp\"");
        refuse("[Validator]\nHubUrl=ws://h/\nResolvers=192.0.2.1 dns.example.org\n",
               "Resolvers=: \"dns.example.org\"");
}

static void a_contact_is_a_page(void **state _unused_) {
        refuse("[Validator]\nHubUrl=ws://h/\nContactUrl=mailto:x@example.org\n", "ContactUrl");
        refuse("[Validator]\nHubUrl=ws://h/\nContactUrl=https://a b/\n", "ContactUrl");
}

static void controls_are_few_urls(void **state _unused_) {
        refuse("[Validator]\nHubUrl=ws://h/\nControlTargets=https://a/ b\n", "\"b\"");
        refuse("[Validator]\nHubUrl=ws://h/\nControlTargets=http://1.test http://2.test "
               "http://3.test http://4.test http://5.test http://6.test http://7.test "
               "http://8.test http://9.test\n",
               "http://9.test");
}

static bool may_mail(const char *text) {
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_port = htons(25),
                                 .sin_addr.s_addr = htonl(0x08080808) };
        _cleanup_(guard_freep) Guard *g = NULL;
        _cleanup_free_ char *error = NULL;
        ValidatorConf c = { 0 };

        assert_int_equal(load(text, &c, &error), 0);
        assert_int_equal(validator_conf_guard(&c, &g, &error), 0);
        validator_conf_done(&c);
        return guard_allows(g, (struct sockaddr *)&a);
}

static void mail_is_denied_unless_the_owner_says_otherwise(void **state _unused_) {
        assert_false(may_mail("[Validator]\nHubUrl=ws://h/\n"));
        assert_true(may_mail("[Validator]\nHubUrl=ws://h/\nDenyPorts=\n"));
        assert_true(may_mail("[Validator]\nHubUrl=ws://h/\nDenyPorts=22\n"));
}

static void numbers_have_limits(void **state _unused_) {
        refuse("[Validator]\nHubUrl=ws://h/\nBytesPerSecond=65535\n", "BytesPerSecond");
        refuse("[Validator]\nHubUrl=ws://h/\nChecksPerSecond=0\n", "ChecksPerSecond");
        refuse("[Validator]\nHubUrl=ws://h/\nConcurrency=0\n", "Concurrency");
        refuse("[Validator]\nHubUrl=ws://h/\nSpoolMax=1000\n", "SpoolMax");
        refuse("[Validator]\nHubUrl=ws://h/\nRetryMax=1ms\n", "RetryMax");
        refuse("[Validator]\nHubUrl=ws://h/\nTimeoutMax=2d\n", "TimeoutMax");
        refuse("[Validator]\nHubUrl=ws://h/\nHubURI=ws://h/\n", "HubURI");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(little_has_to_be_set),
                cmocka_unit_test(resolvers_are_addresses),
                cmocka_unit_test(the_environment_overrides),
                cmocka_unit_test(a_hub_has_to_be_named),
                cmocka_unit_test(settings_can_be_read_unjudged),
                cmocka_unit_test(lists_of_addresses_are_checked),
                cmocka_unit_test(a_contact_is_a_page),
                cmocka_unit_test(controls_are_few_urls),
                cmocka_unit_test(mail_is_denied_unless_the_owner_says_otherwise),
                cmocka_unit_test(numbers_have_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
