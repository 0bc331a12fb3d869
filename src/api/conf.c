/* The table, and what it cannot say. */
#include "api/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "event/pq-dsn.h"
#include "event/ws-proxy.h"

#define API_CONF_PATH DPIN_CONF_DIR "/api.conf"
#define DASHBOARD     DPIN_SHARE_DIR "/dashboard"

static const ConfField api_conf_fields[] = {
        { "ConnectionsMax", CONF_UNSIGNED, 16, 1000000, "10000", offsetof(ApiConf, connections),
          NULL },
        { "ConnectionsPerAddress", CONF_UNSIGNED, 0, 1000000, "1000",
          offsetof(ApiConf, connections_per_address), NULL },
        { "Dashboard", CONF_STRING, 0, 0, DASHBOARD, offsetof(ApiConf, dashboard), NULL },
        { "DatabaseDirectUrl", CONF_SECRET, 0, 0, NULL, offsetof(ApiConf, database_direct_url),
          "DATABASE_DIRECT_URL" },
        { "DatabaseReadUrl", CONF_SECRET, 0, 0, NULL, offsetof(ApiConf, database_read_url),
          "DATABASE_READ_URL" },
        { "DatabaseUrl", CONF_SECRET, 0, 0, "postgresql:///dpin", offsetof(ApiConf, database_url),
          "DATABASE_URL" },
        { "Listen", CONF_STRING, 0, 0, "[::]:8001", offsetof(ApiConf, listen), NULL },
        { "LogLevel", CONF_STRING, 0, 0, "info", offsetof(ApiConf, log_level), "DPIN_LOG_LEVEL" },
        { "ReadLagMax", CONF_USEC, 100 * USEC_PER_MSEC, USEC_PER_HOUR, "5s",
          offsetof(ApiConf, read_lag_max), NULL },
        { "StreamsMax", CONF_UNSIGNED, 0, 1000000, "5000", offsetof(ApiConf, streams), NULL },
        { "TrustedProxies", CONF_STRING, 0, 0, NULL, offsetof(ApiConf, trusted_proxies), NULL },
        { 0 },
};

static bool is_log_level(const char *name) {
        for (int level = LOG_EMERG; level <= LOG_DEBUG; level++)
                if (strcmp(log_level_name(level), name) == 0)
                        return true;
        return false;
}

static int check(const ApiConf *c, char **error) {
        WsProxies proxies;
        int r, n = 0;

        r = pq_dsn_check(c->database_url, "DatabaseUrl", error);
        if (r >= 0 && c->database_direct_url)
                r = pq_dsn_check(c->database_direct_url, "DatabaseDirectUrl", error);
        if (r >= 0 && c->database_read_url)
                r = pq_dsn_check(c->database_read_url, "DatabaseReadUrl", error);
        if (r < 0)
                return r;

        if (!is_log_level(c->log_level))
                n = asprintf(error, "LogLevel: \"%s\" is no level, as \"info\" or \"debug\" are",
                             c->log_level);
        else if (ws_proxies_read(&proxies, c->trusted_proxies) < 0)
                n = asprintf(error, "TrustedProxies: \"%s\" are not at most %d addresses",
                             c->trusted_proxies, WS_PROXIES_MAX);
        else
                return 0;
        if (n < 0)
                *error = NULL;
        return -EINVAL;
}

int api_conf_load(const char *path, ApiConf *ret, char **error) {
        ApiConf c = { 0 };
        int r;

        r = conf_load(api_conf_fields, path ? path : API_CONF_PATH, !path, &c, error);
        if (r < 0)
                return r;
        r = check(&c, error);
        if (r < 0) {
                api_conf_done(&c);
                return r;
        }
        *ret = c;
        return 0;
}

int api_conf_print(const char *path, const ApiConf *conf, FILE *file) {
        return conf_print(api_conf_fields, path ? path : API_CONF_PATH, conf, file);
}

void api_conf_done(ApiConf *conf) {
        conf_done(api_conf_fields, conf);
}
