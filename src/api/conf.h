/* Settings of the API: /etc/dpin/api.conf, drop-ins, environment. */
#pragma once

#include "base/conf.h"

typedef struct ApiConf {
        char *database_url;
        char *database_direct_url; /* where to listen; NULL: as above */
        char *database_read_url;   /* of a replica; NULL: there is none */
        char *dashboard;           /* directory of index.html and its files */
        char *listen;              /* used without an inherited socket */
        char *log_level;
        char *trusted_proxies; /* addresses that connections_per_address does not hold for */
        uint64_t connections, connections_per_address,
                        streams; /* at most; 0 per address: no limit */
        usec_t read_lag_max;
} ApiConf;

/* 0; -EINVAL with *error, freed by the caller. path NULL: /etc/dpin/api.conf, which may be absent.
 */
int api_conf_load(const char *path, ApiConf *ret, char **error);
/* What was loaded from path, and where each value came from. As conf_print(). */
int api_conf_print(const char *path, const ApiConf *conf, FILE *file);
void api_conf_done(ApiConf *conf);
