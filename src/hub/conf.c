/* The table, and what it cannot say. */
#include "hub/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/pq-dsn.h"
#include "hub/flap.h"

#define HUB_CONF_PATH DPIN_CONF_DIR "/hub.conf"

static const ConfField hub_conf_fields[] = {
        { "Admission", CONF_STRING, 0, 0, "approve", offsetof(HubConf, admission), NULL },
        { "Authorities", CONF_STRING, 0, 0, NULL, offsetof(HubConf, authorities), NULL },
        { "DatabaseDirectUrl", CONF_SECRET, 0, 0, NULL, offsetof(HubConf, database_direct_url),
          "DATABASE_DIRECT_URL" },
        { "DatabaseUrl", CONF_SECRET, 0, 0, "postgresql:///dpin", offsetof(HubConf, database_url),
          "DATABASE_URL" },
        { "FlappingScore", CONF_UNSIGNED, 0, FLAP_MOST - 1, "5", offsetof(HubConf, flap_begins),
          NULL },
        { "Listen", CONF_STRING, 0, 0, "[::]:8081", offsetof(HubConf, listen), NULL },
        { "LogLevel", CONF_STRING, 0, 0, "info", offsetof(HubConf, log_level), "DPIN_LOG_LEVEL" },
        { "RetainHourDays", CONF_UNSIGNED, 1, 36500, "90", offsetof(HubConf, days_hour), NULL },
        { "RetainRawDays", CONF_UNSIGNED, 1, 3650, "7", offsetof(HubConf, days_raw), NULL },
        { "RewardLamports", CONF_UNSIGNED, 0, 1000000000, "100", offsetof(HubConf, reward), NULL },
        { "StateDirectory", CONF_STRING, 0, 0, DPIN_STATE_DIR "/dpin-hub",
          offsetof(HubConf, state_directory), "STATE_DIRECTORY" },
        { "TrustedProxies", CONF_STRING, 0, 0, NULL, offsetof(HubConf, trusted_proxies), NULL },
        { 0 },
};

static int check(const HubConf *c, char **error) {
        int r;

        r = pq_dsn_check(c->database_url, "DatabaseUrl", error);
        if (r >= 0 && c->database_direct_url)
                r = pq_dsn_check(c->database_direct_url, "DatabaseDirectUrl", error);
        if (r < 0)
                return r;

        if (strcmp(c->admission, "approve") == 0 || strcmp(c->admission, "open") == 0)
                return 0;
        if (asprintf(error, "Admission: \"%s\" is neither \"approve\" nor \"open\"", c->admission) <
            0)
                *error = NULL;
        return -EINVAL;
}

int hub_conf_load(const char *path, HubConf *ret, char **error) {
        HubConf c = { 0 };
        int r;

        r = conf_load(hub_conf_fields, path ? path : HUB_CONF_PATH, !path, &c, error);
        if (r < 0)
                return r;
        r = check(&c, error);
        if (r < 0) {
                hub_conf_done(&c);
                return r;
        }
        *ret = c;
        return 0;
}

int hub_conf_print(const char *path, const HubConf *conf, FILE *file) {
        return conf_print(hub_conf_fields, path ? path : HUB_CONF_PATH, conf, file);
}

const char *hub_conf_dsn(const HubConf *conf) {
        return conf->database_direct_url ? conf->database_direct_url : conf->database_url;
}

void hub_conf_done(HubConf *conf) {
        conf_done(hub_conf_fields, conf);
}
