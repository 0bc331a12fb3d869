/* The table, and what it cannot say. */
#include "hub/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/guard.h"
#include "event/pq-dsn.h"
#include "hub/alert-exec.h"
#include "hub/flap.h"
#include "store/alert-settings.h"
#include "wire/url.h"

#define HUB_CONF_PATH DPIN_CONF_DIR "/hub.conf"

static const ConfField hub_conf_fields[] = {
        { "Admission", CONF_STRING, 0, 0, "approve", offsetof(HubConf, admission), NULL },
        { "AlertAllow", CONF_STRING, 0, 0, NULL, offsetof(HubConf, alert_allow), NULL },
        { "AlertApprise", CONF_STRING, 0, 0, "/run/dpin-apprise.socket",
          offsetof(HubConf, alert_apprise), NULL },
        { "AlertExec", CONF_STRING, 0, 0, NULL, offsetof(HubConf, alert_exec), NULL },
        { "AlertTimeout", CONF_USEC, USEC_PER_SEC, USEC_PER_MIN, "10s",
          offsetof(HubConf, alert_timeout), NULL },
        { "Authorities", CONF_STRING, 0, 0, NULL, offsetof(HubConf, authorities), NULL },
        { "DatabaseDirectUrl", CONF_SECRET, 0, 0, NULL, offsetof(HubConf, database_direct_url),
          "DATABASE_DIRECT_URL" },
        { "DatabaseUrl", CONF_SECRET, 0, 0, "postgresql:///dpin", offsetof(HubConf, database_url),
          "DATABASE_URL" },
        { "DeadManInterval", CONF_USEC, USEC_PER_SEC, USEC_PER_DAY, "1min",
          offsetof(HubConf, dead_man_interval), NULL },
        { "DeadManUrl", CONF_SECRET, 0, 0, NULL, offsetof(HubConf, dead_man_url), NULL },
        { "FlappingScore", CONF_UNSIGNED, 0, FLAP_MOST - 1, "5", offsetof(HubConf, flap_begins),
          NULL },
        { "Listen", CONF_STRING, 0, 0, "[::]:8081", offsetof(HubConf, listen), NULL },
        { "LogLevel", CONF_STRING, 0, 0, "info", offsetof(HubConf, log_level), "DPIN_LOG_LEVEL" },
        { "PublicUrl", CONF_STRING, 0, 0, NULL, offsetof(HubConf, public_url), NULL },
        { "RetainHourDays", CONF_UNSIGNED, 1, 36500, "90", offsetof(HubConf, days_hour), NULL },
        { "RetainRawDays", CONF_UNSIGNED, 1, 3650, "7", offsetof(HubConf, days_raw), NULL },
        { "RewardLamports", CONF_UNSIGNED, 0, 1000000000, "100", offsetof(HubConf, reward), NULL },
        { "SmtpCa", CONF_STRING, 0, 0, NULL, offsetof(HubConf, smtp_ca), NULL },
        { "SmtpEncryption", CONF_STRING, 0, 0, "starttls", offsetof(HubConf, smtp_encryption),
          NULL },
        { "SmtpFrom", CONF_STRING, 0, 0, NULL, offsetof(HubConf, smtp_from), NULL },
        { "SmtpPassword", CONF_SECRET, 0, 0, NULL, offsetof(HubConf, smtp_password), NULL },
        { "SmtpServer", CONF_STRING, 0, 0, NULL, offsetof(HubConf, smtp_server), NULL },
        { "SmtpUser", CONF_STRING, 0, 0, NULL, offsetof(HubConf, smtp_user), NULL },
        { "StateDirectory", CONF_STRING, 0, 0, DPIN_STATE_DIR "/dpin-hub",
          offsetof(HubConf, state_directory), "STATE_DIRECTORY" },
        { "TrustedProxies", CONF_STRING, 0, 0, NULL, offsetof(HubConf, trusted_proxies), NULL },
        { 0 },
};

static int refuse(char **error, const char *name, const char *value, const char *why) {
        if (asprintf(error, "%s: \"%s\": %s", name, value, why) < 0)
                *error = NULL;
        return -EINVAL;
}

static int check_allow(const HubConf *c, char **error) {
        _cleanup_(guard_freep) Guard *guard = NULL;
        _cleanup_free_ char *bad = NULL;

        if (guard_new(&guard, c->alert_allow, NULL, &bad) == -EINVAL)
                return refuse(error, "AlertAllow", bad ? bad : "", "is no address or network");
        return 0;
}

/* Links are made of it. */
static int check_public_url(const HubConf *c, char **error) {
        const char *reason = NULL, *url = c->public_url;

        if (!url)
                return 0;
        if (url_check(url, NULL, &reason) < 0)
                return refuse(error, "PublicUrl", url, reason);
        if (url[strlen(url) - 1] == '/' || strpbrk(url, "?#"))
                return refuse(error, "PublicUrl", url, "has no slash at its end, no ? and no #");
        return 0;
}

static bool is_encryption(const char *text) {
        return strcmp(text, "starttls") == 0 || strcmp(text, "tls") == 0 ||
               strcmp(text, "none") == 0;
}

static int check_mail(const HubConf *c, char **error) {
        const char *reason = NULL, *server = c->smtp_server;

        if (!is_encryption(c->smtp_encryption))
                return refuse(error, "SmtpEncryption", c->smtp_encryption,
                              "is neither starttls, tls nor none");
        if (c->smtp_from && !alert_is_address(c->smtp_from))
                return refuse(error, "SmtpFrom", c->smtp_from, "is no plain address of mail");
        if (!server)
                return 0;
        if (url_authority_check(server, strlen(server), &(UrlParts){ 0 }, &reason) < 0)
                return refuse(error, "SmtpServer", server, reason);
        return c->smtp_from ? 0 : refuse(error, "SmtpServer", server, "needs SmtpFrom as well");
}

/* A secret: what is wrong with it is said, and not what it is. */
static int check_dead_man(const HubConf *c, char **error) {
        const char *reason = NULL;

        if (!c->dead_man_url || url_check(c->dead_man_url, NULL, &reason) >= 0)
                return 0;
        if (asprintf(error, "DeadManUrl: %s", reason) < 0)
                *error = NULL;
        return -EINVAL;
}

static int check_hooks(const HubConf *c, char **error) {
        _cleanup_(alert_hooks_freep) AlertHooks *hooks = NULL;
        const char *reason = "";
        int r = alert_hooks_new(&hooks, c->alert_exec, &reason);

        return r == -EINVAL ? refuse(error, "AlertExec", c->alert_exec, reason) : r;
}

static int check_alerts(const HubConf *c, char **error) {
        int r;

        r = check_allow(c, error);
        if (r >= 0)
                r = check_hooks(c, error);
        if (r >= 0)
                r = check_public_url(c, error);
        if (r >= 0)
                r = check_dead_man(c, error);
        return r < 0 ? r : check_mail(c, error);
}

static int check(const HubConf *c, char **error) {
        int r;

        r = pq_dsn_check(c->database_url, "DatabaseUrl", error);
        if (r >= 0 && c->database_direct_url)
                r = pq_dsn_check(c->database_direct_url, "DatabaseDirectUrl", error);
        if (r >= 0)
                r = check_alerts(c, error);
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
