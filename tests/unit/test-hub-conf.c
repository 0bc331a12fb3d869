/* The hub's settings: defaults, file, environment, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "folder-fixture.h"
#include "hub/conf.h"

static void defaults_are_complete(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256], *error = NULL;
        HubConf c = { 0 };

        folder_put(&folder, "hub.conf", "", 0644, path);
        assert_int_equal(hub_conf_load(path, &c, &error), 0);
        assert_string_equal(c.admission, "approve"); /* strangers wait for a person */
        assert_string_equal(c.database_url, "postgresql:///dpin");
        assert_string_equal(c.listen, "[::]:8081");
        assert_string_equal(c.state_directory, "/var/lib/dpin-hub");
        assert_string_equal(c.log_level, "info");
        assert_null(c.trusted_proxies);
        assert_int_equal(c.days_raw, 7);
        assert_int_equal(c.days_hour, 90);
        assert_int_equal(c.flap_begins, 5);
        assert_int_equal(c.reward, 100);
        hub_conf_done(&c);
}

static void the_environment_comes_last(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256], *error = NULL;
        HubConf c = { 0 };

        folder_put(&folder, "hub.conf",
                   "[Hub]\nAdmission=open\nDatabaseUrl=postgresql:///of_file\n"
                   "TrustedProxies=127.0.0.1\nFlappingScore=0\nRetainRawDays=3\nRewardLamports=0\n",
                   0600, path);
        setenv("DATABASE_URL", "postgresql:///of_environment", 1);
        assert_int_equal(hub_conf_load(path, &c, &error), 0);
        unsetenv("DATABASE_URL");
        assert_string_equal(c.admission, "open");
        assert_string_equal(c.database_url, "postgresql:///of_environment");
        assert_string_equal(c.trusted_proxies, "127.0.0.1");
        assert_int_equal(c.days_raw, 3);
        assert_int_equal(c.flap_begins, 0);
        assert_int_equal(c.reward, 0);
        hub_conf_done(&c);
}

static void a_pool_is_gone_round(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256], *error = NULL;
        HubConf c = { 0 };

        folder_put(&folder, "hub.conf", "[Hub]\nDatabaseUrl=host=pool\n", 0600, path);
        assert_int_equal(hub_conf_load(path, &c, &error), 0);
        assert_string_equal(hub_conf_dsn(&c), "host=pool");
        hub_conf_done(&c);

        setenv("DATABASE_DIRECT_URL", "host=database", 1);
        assert_int_equal(hub_conf_load(path, &c, &error), 0);
        unsetenv("DATABASE_DIRECT_URL");
        assert_string_equal(hub_conf_dsn(&c), "host=database");
        hub_conf_done(&c);
}

static void refuse(const char *text, const char *named) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *error = NULL;
        char path[256];
        HubConf c = { 0 };

        folder_put(&folder, "hub.conf", text, 0644, path);
        assert_int_equal(hub_conf_load(path, &c, &error), -EINVAL);
        assert_non_null(error);
        assert_non_null(strstr(error, named));
        assert_null(c.admission); /* nothing half loaded */
}

static void what_it_cannot_be_is_refused_by_name(void **state _unused_) {
        refuse("[Hub]\nAdmission=ask\n", "Admission");
        refuse("[Hub]\nRetainRawDays=0\n", "RetainRawDays");
        refuse("[Hub]\nRewardLamports=1000000001\n", "RewardLamports");
        refuse("[Hub]\nColour=blue\n", "Colour");
        refuse("[Hub]\nDatabaseDirectUrl=postgres:secret@db/dpin\n", "DatabaseDirectUrl: ");
        refuse("[Hub]\nDeadManUrl=ftp://secret.example/\n", "DeadManUrl: ");
        refuse("[Hub]\nDeadManInterval=500ms\n", "DeadManInterval");
        refuse("[Hub]\nDatabaseUrl=\n", "DatabaseUrl: ");
        refuse("[Hub]\nDatabaseUrl=postgres:secret@db/dpin\n", "DatabaseUrl: ");
}

int main(void) {
        static const char *const names[] = { "DATABASE_URL", "DATABASE_DIRECT_URL",
                                             "DPIN_LOG_LEVEL", "STATE_DIRECTORY" };
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_are_complete),
                cmocka_unit_test(the_environment_comes_last),
                cmocka_unit_test(a_pool_is_gone_round),
                cmocka_unit_test(what_it_cannot_be_is_refused_by_name),
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                unsetenv(names[i]);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
