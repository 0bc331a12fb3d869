/* The dashboard's files in memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/assets.h"
#include "folder-fixture.h"

static void put(const Folder *f, const char *name, const char *text) {
        char path[256];

        folder_put(f, name, text, 0644, path);
}

static void expect_asset(const Assets *a, const char *name, const char *type, const char *cache) {
        const Asset *asset = assets_find(a, name);

        assert_non_null(asset);
        assert_string_equal(asset->content_type, type);
        assert_string_equal(asset->cache_control, cache);
}

static void names_decide_type_and_caching(void **state _unused_) {
        static const char forever[] = "public, max-age=31536000, immutable";
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(assets_freep) Assets *a = NULL;

        put(&f, "index.html", "<!doctype html>");
        put(&f, "app-4VHN3VWN.js", "1");
        put(&f, "app-EEIPBNQC.css", "2");
        put(&f, "app-short.js", "3");
        put(&f, "app-4vhn3vwn.js", "4");
        put(&f, "app-4VHN3VWN", "4");
        put(&f, "robots.txt", "5");
        put(&f, "what", "6");
        assert_int_equal(assets_load(&a, f.path), 0);
        expect_asset(a, "index.html", "text/html; charset=utf-8", "no-cache");
        expect_asset(a, "", "text/html; charset=utf-8", "no-cache");
        expect_asset(a, "app-4VHN3VWN.js", "text/javascript; charset=utf-8", forever);
        expect_asset(a, "app-EEIPBNQC.css", "text/css; charset=utf-8", forever);
        expect_asset(a, "app-short.js", "text/javascript; charset=utf-8", "no-cache");
        expect_asset(a, "app-4vhn3vwn.js", "text/javascript; charset=utf-8", "no-cache");
        expect_asset(a, "app-4VHN3VWN", "application/octet-stream", "no-cache");
        expect_asset(a, "robots.txt", "text/plain; charset=utf-8", "no-cache");
        expect_asset(a, "what", "application/octet-stream", "no-cache");
}

static void content_is_kept_from_the_start(void **state _unused_) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(assets_freep) Assets *a = NULL;
        const Asset *asset;

        put(&f, "index.html", "first");
        put(&f, "empty.txt", "");
        assert_int_equal(assets_load(&a, f.path), 0);
        put(&f, "index.html", "second");
        asset = assets_find(a, "");
        assert_int_equal(asset->n, 5);
        assert_memory_equal(asset->body, "first", 5);
        assert_int_equal(asset->etag[0], '"');
        assert_int_equal(assets_find(a, "empty.txt")->n, 0);
}

static void folders_and_hidden_files_are_left_out(void **state _unused_) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(assets_freep) Assets *a = NULL;
        char path[300];

        put(&f, "index.html", "x");
        put(&f, ".secret", "x");
        snprintf(path, sizeof(path), "%s/folder", f.path);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(assets_load(&a, f.path), 0);
        assert_null(assets_find(a, ".secret"));
        assert_null(assets_find(a, "folder"));
        assert_null(assets_find(a, "../index.html"));
}

static void without_an_index_there_is_no_dashboard(void **state _unused_) {
        _cleanup_(folder_done) Folder f = folder_new();
        Assets *a = NULL;

        put(&f, "app.js", "x");
        assert_int_equal(assets_load(&a, f.path), -ENOENT);
        assert_int_equal(assets_load(&a, "/nonexistent/dpin"), -ENOENT);
        assert_null(a);
}

static void too_big_a_file_is_refused(void **state _unused_) {
        _cleanup_(folder_done) Folder f = folder_new();
        Assets *a = NULL;
        char path[256];

        folder_put(&f, "index.html", "x", 0644, path);
        assert_int_equal(truncate(path, 16 * 1024 * 1024 + 1), 0);
        assert_int_equal(assets_load(&a, f.path), -EFBIG);
        assert_null(a);
}

static void too_many_files_are_refused(void **state _unused_) {
        _cleanup_(folder_done) Folder f = folder_new();
        Assets *a = NULL;
        char name[32];

        put(&f, "index.html", "x");
        for (int i = 0; i < 256; i++) {
                snprintf(name, sizeof(name), "f%d", i);
                put(&f, name, "x");
        }
        assert_int_equal(assets_load(&a, f.path), -EFBIG);
        assert_null(a);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_decide_type_and_caching),
                cmocka_unit_test(content_is_kept_from_the_start),
                cmocka_unit_test(folders_and_hidden_files_are_left_out),
                cmocka_unit_test(without_an_index_there_is_no_dashboard),
                cmocka_unit_test(too_big_a_file_is_refused),
                cmocka_unit_test(too_many_files_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
