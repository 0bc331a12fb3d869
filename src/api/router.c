/* Segment by segment, in the order of the table: there are few routes. */
#include "api/router.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t segment_length(const char *path) {
        return strcspn(path, "/");
}

/* Compares one segment; what ":name" stands for is kept. */
static bool segment_fits(const char *pattern, const char *path, char *ret_parameter) {
        size_t pattern_n = segment_length(pattern), path_n = segment_length(path);

        if (pattern[0] != ':')
                return pattern_n == path_n && memcmp(pattern, path, path_n) == 0;
        if (path_n == 0 || path_n >= ROUTE_PARAMETER_SIZE)
                return false;
        memcpy(ret_parameter, path, path_n);
        ret_parameter[path_n] = '\0';
        return true;
}

static bool path_fits(const char *pattern, const char *path, char *ret_parameter) {
        while (*pattern == '/' && *path == '/') {
                pattern++;
                path++;
                if (!segment_fits(pattern, path, ret_parameter))
                        return false;
                pattern += segment_length(pattern);
                path += segment_length(path);
        }
        return *pattern == '\0' && *path == '\0';
}

static bool method_fits(const char *route, const char *method) {
        return strcmp(route, method) == 0 ||
               (strcmp(route, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void allow_add(char *allow, const char *method) {
        size_t n = strlen(allow);

        if (strstr(allow, method))
                return;
        snprintf(allow + n, ROUTE_ALLOW_SIZE - n, "%s%s%s", n > 0 ? ", " : "", method,
                 strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

int router_find(const Route *routes, const char *method, const char *path, RouteMatch *ret) {
        RouteMatch match = { 0 };

        for (const Route *route = routes; route->path; route++) {
                char parameter[ROUTE_PARAMETER_SIZE] = "";

                if (!path_fits(route->path, path, parameter))
                        continue;
                allow_add(match.allow, route->method);
                if (match.route || !method_fits(route->method, method))
                        continue;
                match.route = route;
                memcpy(match.parameter, parameter, sizeof(parameter));
        }
        if (match.allow[0])
                allow_add(match.allow, "OPTIONS");
        *ret = match;
        if (!match.allow[0])
                return -ENOENT;
        return match.route ? 0 : -EOPNOTSUPP;
}
