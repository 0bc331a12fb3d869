/* libpq reads them; nothing is looked up or connected to here. */
#include "event/pq-dsn.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

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

/* Hosts ------------------------------------------------------------------------------------------
 */

static unsigned count_entries(const char *list) {
        unsigned n = 1;

        for (const char *p = list; *p; p++)
                n += *p == ',';
        return n;
}

/* "a,b,c" turned by one is "b,c,a". */
static char *turn_list(const char *list, unsigned turn) {
        const char *second = list;
        char *text;

        for (unsigned i = turn % count_entries(list); i > 0; i--)
                second = strchr(second, ',') + 1;
        if (second == list)
                return strdup(list);
        if (asprintf(&text, "%s,%.*s", second, (int)(second - list - 1), list) < 0)
                return NULL;
        return text;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword) {
        for (const PQconninfoOption *o = options; o->keyword; o++)
                if (strcmp(o->keyword, keyword) == 0)
                        return o->val && o->val[0] ? o->val : NULL;
        return NULL;
}

static int read_list(const PQconninfoOption *options, const char *keyword, unsigned turn,
                     char **ret) {
        const char *list = value_of(options, keyword);

        if (!list)
                return 0;
        *ret = turn_list(list, turn);
        return *ret ? 0 : -ENOMEM;
}

static int read_lists(const PQconninfoOption *options, unsigned turn, PqHosts *h) {
        int r;

        r = read_list(options, "host", turn, &h->host);
        if (r < 0)
                return r;
        r = read_list(options, "hostaddr", turn, &h->address);
        if (r < 0)
                return r;
        return read_list(options, "port", turn, &h->port);
}

int pq_hosts_read(const char *dsn, unsigned turn, PqHosts *ret) {
        PQconninfoOption *options = PQconninfoParse(dsn, NULL);
        PqHosts h = { .n = 1 };
        int r;

        if (!options)
                return -EINVAL;
        r = read_lists(options, turn, &h);
        PQconninfoFree(options);
        if (r < 0) {
                pq_hosts_done(&h);
                return r;
        }
        if (h.host || h.address)
                h.n = count_entries(h.address ? h.address : h.host);
        *ret = h;
        return 0;
}

void pq_hosts_done(PqHosts *h) {
        free(h->host);
        free(h->address);
        free(h->port);
        *h = (PqHosts){ 0 };
}
