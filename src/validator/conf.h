/* Settings of a validator: /etc/dpin/validator.conf, drop-ins, environment. */
#pragma once

#include "base/conf.h"
#include "event/guard.h"

typedef struct ValidatorConf {
        char *hub_url;
        char *tags; /* separated by commas */
        char *name;
        char *allow, *deny; /* addresses and prefixes */
        char *deny_ports;
        char *resolvers; /* addresses, with ports or without */
        char *ca_file;
        char *control_targets; /* URLs that tell whether this machine is online */
        char *contact_url;     /* for who wonders about checks */
        char *state_directory;
        char *log_level;
        uint64_t concurrency, orders_max;
        uint64_t target_rate; /* connections a second to one address */
        uint64_t checks_per_second, bytes_per_second;
        uint64_t body_max, spool_max; /* bytes */
        usec_t retry_max;             /* between attempts to reach the hub */
        usec_t timeout_max;           /* of an order */
} ValidatorConf;

/* 0; -EINVAL with *error, freed by the caller. path NULL: /etc/dpin/validator.conf, which may be
 * absent. */
int validator_conf_load(const char *path, ValidatorConf *ret, char **error);
/* The same without judging hub and addresses: enough to find a validator that runs with them. */
int validator_conf_read(const char *path, ValidatorConf *ret, char **error);
/* What was loaded from path, and where each value came from. As conf_print(). */
int validator_conf_print(const char *path, const ValidatorConf *conf, FILE *file);
/* What its lists say. -EINVAL: one is malformed, with *error as above; not after they were loaded.
 */
int validator_conf_guard(const ValidatorConf *conf, Guard **ret, char **error);
/* As the checker takes them, freed by the caller; NULL: none is set. -EINVAL as above. */
int validator_conf_resolvers(const ValidatorConf *conf, char **ret, char **error);
void validator_conf_done(ValidatorConf *conf);
