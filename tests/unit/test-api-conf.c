/* Settings of the API. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/conf.h"
#include "base/macro.h"
#include "folder-fixture.h"

static void without_a_file_there_are_defaults(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];
        char *error = NULL;
        ApiConf c;

        unsetenv("DATABASE_URL");
        unsetenv("DPIN_LOG_LEVEL");
        folder_put(&folder, "api.conf", "[Api]\n", 0644, path);
        assert_int_equal(api_conf_load(path, &c, &error), 0);
        assert_string_equal(c.listen, "[::]:8001");
        assert_string_equal(c.database_url, "postgresql:///dpin");
        assert_string_equal(c.dashboard, "/usr/share/dpin/dashboard");
        assert_string_equal(c.log_level, "info");
        assert_int_equal(c.connections, 10000);
        assert_int_equal(c.connections_per_address, 1000);
        assert_int_equal(c.streams, 5000);
        assert_null(c.trusted_proxies);
        assert_null(c.database_read_url);
        api_conf_done(&c);
}

static void the_environment_names_the_database(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];
        char *error = NULL;
        ApiConf c;

        folder_put(&folder, "api.conf", "[Api]\nDatabaseUrl=postgresql:///file\nListen=*:80\n",
                   0644, path);
        setenv("DATABASE_URL", "postgresql:///env", 1);
        assert_int_equal(api_conf_load(path, &c, &error), 0);
        assert_string_equal(c.database_url, "postgresql:///env");
        assert_string_equal(c.listen, "*:80");
        api_conf_done(&c);
        unsetenv("DATABASE_URL");
}

static void a_replica_may_be_named(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *error = NULL;
        char path[256];
        ApiConf c;

        folder_put(&folder, "api.conf", "[Api]\nDatabaseReadUrl=host=replica\n", 0600, path);
        assert_int_equal(api_conf_load(path, &c, &error), 0);
        assert_string_equal(c.database_read_url, "host=replica");
        api_conf_done(&c);

        setenv("DATABASE_READ_URL", "postgres:secret@replica", 1);
        assert_int_equal(api_conf_load(path, &c, &error), -EINVAL);
        assert_null(strstr(error, "secret"));
        assert_int_equal(strncmp(error, "DatabaseReadUrl: ", 17), 0);
        unsetenv("DATABASE_READ_URL");
}

static void no_address_is_no_database(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *error = NULL;
        char path[256];
        ApiConf c;

        unsetenv("DATABASE_URL");
        folder_put(&folder, "api.conf", "[Api]\nDatabaseUrl=\n", 0600, path);
        assert_int_equal(api_conf_load(path, &c, &error), -EINVAL);
        assert_int_equal(strncmp(error, "DatabaseUrl: ", 13), 0);
}

static void an_unknown_log_level_is_refused(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        _cleanup_free_ char *error = NULL;
        char path[256];
        ApiConf c = { 0 };

        folder_put(&folder, "api.conf", "[Api]\nLogLevel=loud\n", 0644, path);
        assert_int_equal(api_conf_load(path, &c, &error), -EINVAL);
        assert_string_equal(error, "LogLevel: \"loud\" is no level, as \"info\" or \"debug\" are");
        assert_null(c.listen);
}

static void proxies_are_addresses(void **state _unused_) {
        _cleanup_(folder_done) Folder folder = folder_new();
        char path[256];
        char *error = NULL;
        ApiConf c = { 0 };

        folder_put(&folder, "api.conf", "[Api]\nTrustedProxies=10.0.0.1, fd00::1\n", 0644, path);
        assert_int_equal(api_conf_load(path, &c, &error), 0);
        assert_string_equal(c.trusted_proxies, "10.0.0.1, fd00::1");
        api_conf_done(&c);

        folder_put(&folder, "api.conf", "[Api]\nTrustedProxies=proxy.example\n", 0644, path);
        assert_int_equal(api_conf_load(path, &c, &error), -EINVAL);
        assert_string_equal(error,
                            "TrustedProxies: \"proxy.example\" are not at most 16 addresses");
        free(error);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_file_there_are_defaults),
                cmocka_unit_test(the_environment_names_the_database),
                cmocka_unit_test(a_replica_may_be_named),
                cmocka_unit_test(no_address_is_no_database),
                cmocka_unit_test(an_unknown_log_level_is_refused),
                cmocka_unit_test(proxies_are_addresses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
