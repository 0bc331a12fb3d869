/* The table, and what it cannot say. */
#include "validator/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/address.h"
#include "validator/ownnet.h"
#include "wire/url.h"

#define VALIDATOR_CONF_PATH DPIN_CONF_DIR "/validator.conf"
#define PORT_DNS            53

static const ConfField validator_conf_fields[] = {
        { "Allow", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, allow), NULL },
        { "BodyMax", CONF_UNSIGNED, 1024, 64 << 20, "1048576", offsetof(ValidatorConf, body_max),
          NULL },
        { "BytesPerSecond", CONF_UNSIGNED, 1 << 16, UINT64_C(1) << 40, "12500000",
          offsetof(ValidatorConf, bytes_per_second), NULL },
        { "CaFile", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, ca_file), NULL },
        { "ChecksPerSecond", CONF_UNSIGNED, 1, 1000000, "1000",
          offsetof(ValidatorConf, checks_per_second), NULL },
        { "Concurrency", CONF_UNSIGNED, 1, 10000, "200", offsetof(ValidatorConf, concurrency),
          NULL },
        { "ContactUrl", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, contact_url), NULL },
        { "ControlTargets", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, control_targets),
          NULL },
        { "Deny", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, deny), NULL },
        { "DenyPorts", CONF_STRING, 0, 0, GUARD_DENY_PORTS, offsetof(ValidatorConf, deny_ports),
          NULL },
        { "HubUrl", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, hub_url), "HUB_WSS_URL" },
        { "LogLevel", CONF_STRING, 0, 0, "info", offsetof(ValidatorConf, log_level),
          "DPIN_LOG_LEVEL" },
        { "Name", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, name), NULL },
        { "OrdersMax", CONF_UNSIGNED, 1, 1000000, "20000", offsetof(ValidatorConf, orders_max),
          NULL },
        { "Resolvers", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, resolvers), NULL },
        { "RetryMax", CONF_USEC, 10 * USEC_PER_MSEC, USEC_PER_HOUR, "30s",
          offsetof(ValidatorConf, retry_max), NULL },
        { "SpoolMax", CONF_UNSIGNED, 1 << 16, INT64_MAX, "268435456",
          offsetof(ValidatorConf, spool_max), NULL },
        { "StateDirectory", CONF_STRING, 0, 0, DPIN_STATE_DIR "/dpin-validator",
          offsetof(ValidatorConf, state_directory), "STATE_DIRECTORY" },
        { "Tags", CONF_STRING, 0, 0, NULL, offsetof(ValidatorConf, tags), "VALIDATOR_TAGS" },
        { "TargetRate", CONF_UNSIGNED, 1, 1000000, "50", offsetof(ValidatorConf, target_rate),
          NULL },
        { "TimeoutMax", CONF_USEC, USEC_PER_SEC, USEC_PER_DAY, "1min",
          offsetof(ValidatorConf, timeout_max), NULL },
        { 0 },
};

/* What is wrong with one of a list's words. */
static char *complaint(const char *setting, const char *word, const char *what) {
        char *text;

        return asprintf(&text, "%s: \"%s\" is no %s, or there are more than %d", setting,
                        word ? word : "", what, GUARD_RULES_MAX) < 0
                               ? NULL
                               : text;
}

int validator_conf_guard(const ValidatorConf *c, Guard **ret, char **error) {
        _cleanup_(guard_freep) Guard *g = NULL;
        _cleanup_free_ char *wrong = NULL;
        int r;

        r = guard_new(&g, c->allow, c->deny, &wrong);
        if (r == -EINVAL)
                *error = complaint("Allow= and Deny=", wrong, "address or prefix");
        if (r < 0)
                return r;

        r = guard_deny_ports(g, c->deny_ports, &wrong);
        if (r == -EINVAL)
                *error = complaint("DenyPorts=", wrong, "port or range of ports");
        if (r < 0)
                return r;

        *ret = TAKE_PTR(g);
        return 0;
}

static int check_guard(const ValidatorConf *c, char **error) {
        _cleanup_(guard_freep) Guard *g = NULL;

        return validator_conf_guard(c, &g, error);
}

/* Words into what the library takes. */
static int write_resolvers(const ValidatorConf *c, FILE *list, char **ret_wrong) {
        _cleanup_free_ char *copy = strdup(c->resolvers);
        char *state = NULL, text[NET_ADDRESS_TEXT_SIZE];
        NetAddress a;

        if (!copy)
                return -ENOMEM;
        for (char *word = strtok_r(copy, ", \t", &state); word;
             word = strtok_r(NULL, ", \t", &state)) {
                if (!net_address_parse_port(word, PORT_DNS, &a)) {
                        *ret_wrong = strdup(word);
                        return -EINVAL;
                }
                fprintf(list, "%s%s", ftell(list) > 0 ? "," : "", net_address_text_port(&a, text));
        }
        return 0;
}

int validator_conf_resolvers(const ValidatorConf *c, char **ret, char **error) {
        _cleanup_free_ char *wrong = NULL, *text = NULL;
        size_t n;
        FILE *list;
        int r;

        *ret = NULL;
        if (!c->resolvers || !c->resolvers[strspn(c->resolvers, ", \t")])
                return 0;
        list = open_memstream(&text, &n);
        if (!list)
                return -ENOMEM;
        r = write_resolvers(c, list, &wrong);
        if (fclose(list) != 0 && r == 0)
                r = -ENOMEM;
        if (r == -EINVAL && asprintf(error, "Resolvers=: \"%s\" is no address", wrong) < 0)
                *error = NULL;
        if (r == 0)
                *ret = TAKE_PTR(text);
        return r;
}

static int check_resolvers(const ValidatorConf *c, char **error) {
        _cleanup_free_ char *list = NULL;

        return validator_conf_resolvers(c, &list, error);
}

static int check_url(const ValidatorConf *c, char **error) {
        const char *url = c->hub_url;

        if (url && (strncmp(url, "wss://", 6) == 0 || strncmp(url, "ws://", 5) == 0))
                return 0;
        *error = strdup(url ? "HubUrl (HUB_WSS_URL) must begin with wss:// or ws://"
                            : "HubUrl is not set: name the hub in HubUrl= or HUB_WSS_URL, e.g. "
                              "wss://hub.example.org/ws");
        return -EINVAL;
}

static int check_contact(const ValidatorConf *c, char **error) {
        const char *reason;

        if (!c->contact_url || url_check(c->contact_url, NULL, &reason) >= 0)
                return 0;
        if (asprintf(error, "ContactUrl: %s", reason) < 0)
                *error = NULL;
        return -EINVAL;
}

static int check_controls(const ValidatorConf *c, char **error) {
        _cleanup_free_ char *wrong = NULL;
        int r;

        r = own_network_check_controls(c->control_targets, &wrong);
        if (r == -EINVAL &&
            asprintf(error, "ControlTargets: \"%s\" is no URL, or there are more than %d",
                     wrong ? wrong : "", OWN_NETWORK_CONTROLS_MAX) < 0)
                *error = NULL;
        return r;
}

int validator_conf_read(const char *path, ValidatorConf *ret, char **error) {
        return conf_load(validator_conf_fields, path ? path : VALIDATOR_CONF_PATH, !path, ret,
                         error);
}

int validator_conf_load(const char *path, ValidatorConf *ret, char **error) {
        ValidatorConf c = { 0 };
        int r;

        r = validator_conf_read(path, &c, error);
        if (r < 0)
                return r;
        r = check_url(&c, error);
        if (r >= 0)
                r = check_guard(&c, error);
        if (r >= 0)
                r = check_contact(&c, error);
        if (r >= 0)
                r = check_controls(&c, error);
        if (r >= 0)
                r = check_resolvers(&c, error);
        if (r < 0) {
                validator_conf_done(&c);
                return r;
        }
        *ret = c;
        return 0;
}

int validator_conf_print(const char *path, const ValidatorConf *conf, FILE *file) {
        return conf_print(validator_conf_fields, path ? path : VALIDATOR_CONF_PATH, conf, file);
}

void validator_conf_done(ValidatorConf *conf) {
        conf_done(validator_conf_fields, conf);
}
