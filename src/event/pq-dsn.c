/* libpq reads them; nothing is looked up or connected to here. */
#include "event/pq-dsn.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>

int pq_dsn_check(const char *dsn, const char *setting, char **error) {
        PQconninfoOption *options = dsn ? PQconninfoParse(dsn, NULL) : NULL;

        PQconninfoFree(options);
        if (options)
                return 0;
        if (asprintf(error,
                     "%s: this is neither a URI, as postgresql://HOST/NAME is, nor settings,"
                     " as host=HOST dbname=NAME are",
                     setting) < 0)
                *error = NULL;
        return -EINVAL;
}
