/* Which function answers which method and path: a table, and the search in it. Pure. */
#pragma once

typedef struct ApiCall ApiCall;

typedef struct Route {
        const char *method; /* "GET" answers HEAD as well */
        const char *path;   /* a segment ":name" stands for any; one of them at most */
        unsigned scope;     /* a TokenScope of store/accounts.h; 0: no token is asked for */
        void (*handle)(ApiCall *c);
} Route;

#define ROUTE_PARAMETER_SIZE 144
#define ROUTE_ALLOW_SIZE     64

typedef struct RouteMatch {
        const Route *route;                   /* borrowed from the table */
        char parameter[ROUTE_PARAMETER_SIZE]; /* what ":name" stood for, else "" */
        char allow[ROUTE_ALLOW_SIZE];         /* methods of this path: "GET, HEAD, POST, OPTIONS" */
} RouteMatch;

/* routes end with one without path; the first that fits wins. 0; -ENOENT: no such path;
 * -EOPNOTSUPP: the path has other methods, see allow. */
int router_find(const Route *routes, const char *method, const char *path, RouteMatch *ret);
