/* Any method and path (a line each) against the API's own table: the route found is the one that a
 * plain reading of the table finds, a written-out path goes before a placeholder, and no path has
 * two routes of either kind. */
#include <errno.h>

#include "api/routes.h"
#include "property.h"

enum {
        SEGMENTS_MAX = 64
};

/* Segments of "/a/b"; -1: no such form, or too many. The text is cut up. */
static int split(char *path, char *ret[static SEGMENTS_MAX]) {
        int n = 0;

        if (*path++ != '/')
                return -1;
        for (char *segment; (segment = strsep(&path, "/"));) {
                if (n == SEGMENTS_MAX)
                        return -1;
                ret[n++] = segment;
        }
        return n;
}

/* Whether it fits, and whether by a placeholder. */
static bool fits(const char *pattern, const char *path, bool *ret_loose) {
        _cleanup_free_ char *a = strdup(pattern), *b = strdup(path);
        char *left[SEGMENTS_MAX], *right[SEGMENTS_MAX];
        int n;

        PROPERTY(a && b);
        n = split(a, left);
        *ret_loose = false;
        if (n < 0 || n != split(b, right))
                return false;
        for (int i = 0; i < n; i++) {
                bool loose = left[i][0] == ':' && *right[i] &&
                             strlen(right[i]) < ROUTE_PARAMETER_SIZE;

                *ret_loose = *ret_loose || loose;
                if (!loose && strcmp(left[i], right[i]) != 0)
                        return false;
        }
        return true;
}

static bool answers(const Route *r, const char *method) {
        return strcmp(r->method, method) == 0 ||
               (strcmp(r->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

typedef struct Reading {
        const Route *exact, *loose;
        bool known; /* the path, with whatever method */
} Reading;

static Reading read_table(const char *method, const char *path) {
        Reading found = { 0 };
        bool loose;

        for (const Route *r = api_routes; r->path; r++) {
                if (!fits(r->path, path, &loose))
                        continue;
                found.known = true;
                if (!answers(r, method))
                        continue;
                PROPERTY(loose ? !found.loose : !found.exact);
                if (loose)
                        found.loose = r;
                else
                        found.exact = r;
        }
        return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        char *path = text, *method = input_line(&path);
        RouteMatch match;
        Reading expected;
        int r;

        path = path ? path : method + strlen(method);
        expected = read_table(method, path);
        r = router_find(api_routes, method, path, &match);
        PROPERTY(r == 0 || r == -ENOENT || r == -EOPNOTSUPP);
        PROPERTY(match.route == (expected.exact ? expected.exact : expected.loose));
        PROPERTY((r == 0) == (match.route != NULL) && (r == -ENOENT) == !expected.known);
        PROPERTY(!match.route || !strchr(match.route->path, ':') || match.parameter[0]);
        PROPERTY(!strchr(match.parameter, '/') && strstr(path, match.parameter));
        PROPERTY(r == -ENOENT ? !match.allow[0] : match.allow[0]);
        PROPERTY(r != 0 || strstr(match.allow, method));
        return 0;
}
