/* Each thing is looked for, then made: a second run, or a cluster somebody prepared by hand,
 * changes nothing. */
#include "store/cluster.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/macro.h"
#include "event/pq-script.h"

typedef struct Thing {
        const char *name;
        const char *found; /* a query that gives a row if it is there */
        const char *made;
} Thing;

/* A cluster made where no locale was set has another encoding, hence template0. */
static const Thing things[] = {
        { "role dpin, the owner", "SELECT FROM pg_roles WHERE rolname = 'dpin'",
          "CREATE ROLE dpin NOLOGIN" },
        { "role dpin-hub", "SELECT FROM pg_roles WHERE rolname = 'dpin-hub'",
          "CREATE ROLE \"dpin-hub\" LOGIN" },
        { "membership of dpin-hub in dpin",
          "SELECT FROM pg_auth_members WHERE roleid = 'dpin'::regrole"
          " AND member = '\"dpin-hub\"'::regrole",
          "GRANT dpin TO \"dpin-hub\"" },
        { "role dpin-api", "SELECT FROM pg_roles WHERE rolname = 'dpin-api'",
          "CREATE ROLE \"dpin-api\" LOGIN" },
        { "database dpin", "SELECT FROM pg_database WHERE datname = 'dpin'",
          "CREATE DATABASE dpin OWNER dpin TEMPLATE template0 ENCODING 'UTF8'"
          " LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'" },
};

static int fail(const PqScript *s, const char *what, int r, char **error) {
        if (asprintf(error, "%s: %s", what, pq_script_error(s)) < 0)
                *error = NULL;
        return r;
}

static void on_row(const char *const *values _unused_, size_t n _unused_, void *userdata) {
        bool *found = userdata;

        *found = true;
}

/* 1: made, 0: was there. */
static int make_thing(PqScript *s, const Thing *t, FILE *progress, char **error) {
        bool found = false;
        int r;

        r = pq_script_query(s, t->found, NULL, on_row, &found);
        if (r < 0)
                return fail(s, t->name, r, error);
        if (found)
                return 0;
        r = pq_script_run(s, t->made);
        if (r < 0)
                return fail(s, t->name, r, error);
        if (progress)
                fprintf(progress, "made %s\n", t->name);
        return 1;
}

int store_make_cluster(const char *dsn, char **error, FILE *progress) {
        _cleanup_(pq_script_closep) PqScript *s = NULL;
        int r, n = 0;

        *error = NULL;
        r = pq_script_open(&s, dsn);
        if (r < 0)
                return s ? fail(s, "PostgreSQL", r, error) : r;
        for (size_t i = 0; i < ELEMENTSOF(things); i++) {
                r = make_thing(s, &things[i], progress, error);
                if (r < 0)
                        return r;
                n += r;
        }
        return n;
}
