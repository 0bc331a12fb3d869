/* Settings of the hub: /etc/dpin/hub.conf, drop-ins, environment. */
#pragma once

#include "base/conf.h"

typedef struct HubConf {
        char *admission;     /* "approve" or "open" */
        char *alert_allow;   /* addresses beside public ones that webhooks may lead to, or NULL */
        char *alert_apprise; /* path of the socket of dpin-apprise */
        char *alert_exec;    /* hub/alert-exec.h, or NULL */
        usec_t alert_timeout;
        char *authorities; /* host:port, separated by commas or blanks; NULL: any */
        char *database_url;
        char *database_direct_url; /* without a pool in between, or NULL */
        usec_t dead_man_interval;
        char *dead_man_url; /* deadman.h; NULL: none is called */
        char *listen;       /* used without an inherited socket */
        char *trusted_proxies;
        char *public_url;  /* of the API, without a slash at its end, or NULL */
        char *smtp_server; /* host or host:port; NULL: no mail is sent */
        char *smtp_encryption;
        char *smtp_from, *smtp_user, *smtp_password, *smtp_ca;
        char *state_directory;
        char *log_level;
        uint64_t days_raw, days_hour;
        uint64_t flap_begins; /* hub/flap.h; 0: never */
        uint64_t reward;      /* lamports per paid tick */
} HubConf;

/* 0; -EINVAL with *error, freed by the caller. path NULL: /etc/dpin/hub.conf, which may be absent.
 */
int hub_conf_load(const char *path, HubConf *ret, char **error);
/* What was loaded from path, and where each value came from. As conf_print(). */
int hub_conf_print(const char *path, const HubConf *conf, FILE *file);
/* Where the hub connects to, and migrates: borrowed. */
const char *hub_conf_dsn(const HubConf *conf);
void hub_conf_done(HubConf *conf);
