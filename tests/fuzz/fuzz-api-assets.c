/* Any path asked of the dashboard: what is answered is a plain file of its folder, by its very
 * name, never a hidden one, one of a folder, or one outside. */
#include <sys/stat.h>

#include "api/assets.h"
#include "api/dashboard.h"
#include "api/routes.h"
#include "property.h"

static const char *const published[] = { "index.html", "app-4VHN3VWN.js", "a b.css" };
static const char *const kept_back[] = { ".hidden", "..txt", "inner/secret.js", "../outside.js" };

static void put(const char *folder, const char *name) {
        char path[256];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        f = fopen(path, "we");
        PROPERTY(f && fputs(name, f) >= 0 && fclose(f) == 0);
}

static void sweep(const char *folder, const char *name) {
        char path[256];

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        PROPERTY(remove(path) == 0);
}

/* All is read at once: the folder is gone when this returns. */
static Assets *load(void) {
        char top[] = "/tmp/dpin-fuzz-XXXXXX", folder[64], inner[80];
        Assets *a = NULL;

        PROPERTY(mkdtemp(top) != NULL);
        snprintf(folder, sizeof(folder), "%s/dashboard", top);
        snprintf(inner, sizeof(inner), "%s/inner", folder);
        PROPERTY(mkdir(folder, 0700) == 0 && mkdir(inner, 0700) == 0);
        for (size_t i = 0; i < ELEMENTSOF(published); i++)
                put(folder, published[i]);
        for (size_t i = 0; i < ELEMENTSOF(kept_back); i++)
                put(folder, kept_back[i]);
        PROPERTY(assets_load(&a, folder) == 0);
        for (size_t i = 0; i < ELEMENTSOF(published); i++)
                sweep(folder, published[i]);
        for (size_t i = 0; i < ELEMENTSOF(kept_back); i++)
                sweep(folder, kept_back[i]);
        PROPERTY(rmdir(inner) == 0 && rmdir(folder) == 0 && rmdir(top) == 0);
        return a;
}

static bool is_published(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(published); i++)
                if (strcmp(name, published[i]) == 0)
                        return true;
        return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *path = input_text(data, size);
        static Assets *assets; /* read once, as the API does */
        const char *wanted = path[0] && path[1] ? path + 1 : "index.html";
        RouteMatch match;
        const Asset *a;

        if (!assets)
                assets = load();
        if (router_find(api_routes, "GET", path, &match) < 0 ||
            match.route->handle != dashboard_file) {
                PROPERTY(path[0] != '/' || !is_published(wanted));
                return 0;
        }
        a = assets_find(assets, match.parameter);
        PROPERTY((a != NULL) == is_published(wanted));
        if (!a)
                return 0;
        PROPERTY(strcmp(a->name, wanted) == 0);
        PROPERTY(a->n == strlen(wanted) && memcmp(a->body, wanted, a->n) == 0);
        PROPERTY(a->etag[0] == '"' && *a->content_type && *a->cache_control);
        return 0;
}
