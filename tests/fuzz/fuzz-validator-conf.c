/* Any bytes as the validator's settings file: what is accepted is what its parts take, and within
 * the limits that the manual names. */
#include <errno.h>

#include "property.h"
#include "validator/conf.h"
#include "validator/ownnet.h"

static void check_limits(const ValidatorConf *c) {
        _cleanup_(guard_freep) Guard *g = NULL;
        _cleanup_free_ char *error = NULL;

        PROPERTY(validator_conf_guard(c, &g, &error) == 0 && !error);
        PROPERTY(strncmp(c->hub_url, "ws://", 5) == 0 || strncmp(c->hub_url, "wss://", 6) == 0);
        PROPERTY(own_network_check_controls(c->control_targets, NULL) == 0);
        PROPERTY(c->body_max >= 1024 && c->body_max <= 64 << 20);
        PROPERTY(c->bytes_per_second >= 1 << 16 && c->bytes_per_second <= UINT64_C(1) << 40);
        PROPERTY(c->checks_per_second >= 1 && c->checks_per_second <= 1000000);
        PROPERTY(c->concurrency >= 1 && c->concurrency <= 10000);
        PROPERTY(c->orders_max >= 1 && c->orders_max <= 1000000);
        PROPERTY(c->spool_max >= 1 << 16 && c->spool_max <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *error = NULL;
        ValidatorConf conf = { 0 };
        char path[32];
        int fd = input_file(data, size, path), r;

        r = validator_conf_load(path, &conf, &error);
        close(fd);
        PROPERTY(r == 0 || (r == -EINVAL && error && *error));
        if (r < 0)
                return 0;
        check_limits(&conf);
        validator_conf_done(&conf);
        return 0;
}
