/* The validator's main(): arguments, settings, then the loop. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/daemon-args.h"
#include "validator/bus.h"
#include "validator/health.h"
#include "validator/manager.h"

#define HEALTH_PATIENCE (3 * USEC_PER_SEC) /* a disk may hold the loop up for some of it */

typedef struct Validator {
        DaemonArgs args;
        const char *health; /* --health: which level is asked for */
        ValidatorConf conf;
        ValidatorManager *manager;
        ValidatorBus *bus;
        Health *healthy;
} Validator;

static const DaemonOption options[] = {
        { "health", "[=LEVEL]", "Ask the running one how it is: alive, or ready (the default)",
          offsetof(Validator, health) },
        {},
};

static const DaemonProgram program = {
        .name = "dpin-validator",
        .summary = "Checks websites as the hub orders, signs what it saw, and delivers it.",
        .options = options,
};

static void on_changed(void *userdata) {
        Validator *v = userdata;

        validator_bus_changed(v->bus);
}

static void get_status(ValidatorStatus *ret, void *userdata) {
        const Validator *v = userdata;

        validator_manager_status(v->manager, ret);
}

/* A validator that cannot say how it is works all the same. */
static int open_health(Validator *v, uv_loop_t *loop) {
        const char *directory = v->conf.state_directory;
        int r;

        r = health_new(&v->healthy, loop, directory, get_status, v);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                log_event(LOG_WARNING, DPIN_MSG_HEALTH_ABSENT,
                          "dpin-validator --health cannot ask this validator",
                          "DPIN_PATH=%s\nDPIN_ERROR=%s", directory, strerror(-r));
        return 0;
}

static int on_reload_wanted(char **error, void *userdata) {
        Validator *v = userdata;
        ValidatorConf fresh = { 0 };
        int r;

        r = validator_conf_load(v->args.config, &fresh, error);
        r = daemon_reloaded(r, *error, fresh.log_level);
        validator_conf_done(&fresh);
        return r;
}

static int on_start(Daemon *d, void *userdata) {
        Validator *v = userdata;
        int r;

        r = validator_manager_new(&v->manager, d,
                                  &(ValidatorManagerOptions){ .conf = &v->conf,
                                                              .reload = on_reload_wanted,
                                                              .changed = on_changed,
                                                              .userdata = v });
        if (r < 0)
                return r;
        r = validator_bus_new(&v->bus, daemon_loop(d), v->args.bus, v->manager);
        if (r < 0)
                return r;
        return open_health(v, daemon_loop(d));
}

static int on_reload(Daemon *d _unused_, void *userdata) {
        _cleanup_free_ char *error = NULL;

        return on_reload_wanted(&error, userdata);
}

static void on_stop(Daemon *d _unused_, void *userdata) {
        Validator *v = userdata;

        validator_manager_stop(v->manager);
}

static void on_free(Daemon *d _unused_, void *userdata) {
        Validator *v = userdata;

        v->healthy = health_free(v->healthy);
        v->bus = validator_bus_free(v->bus);
        v->manager = validator_manager_free(v->manager);
}

static const DaemonOps ops = {
        .start = on_start,
        .reload = on_reload,
        .stop = on_stop,
        .free = on_free,
};

static int run(Validator *v) {
        int r;

        if (v->args.check_config)
                return 0;
        if (v->args.print_config)
                return validator_conf_print(v->args.config, &v->conf, stdout);
        log_set_level_name(v->conf.log_level);
        r = daemon_run(&ops, v);
        if (r >= 0)
                log_event(LOG_INFO, DPIN_MSG_STOPPED, "ended", "DPIN_DAEMON=dpin-validator");
        return r;
}

static int ask_health(Validator *v) {
        int level = health_level_from_name(v->health);

        if (level >= 0)
                return health_ask(v->conf.state_directory, (HealthLevel)level, HEALTH_PATIENCE,
                                  stdout);
        fprintf(stderr, "dpin-validator: --health takes alive or ready, not %s\n", v->health);
        return 2;
}

int main(int argc, char *argv[]) {
        _cleanup_free_ char *error = NULL;
        Validator v = { 0 };
        int r;

        r = daemon_args_parse(&program, argc, argv, &v.args, &v);
        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;

        r = v.health ? validator_conf_read(v.args.config, &v.conf, &error)
                     : validator_conf_load(v.args.config, &v.conf, &error);
        if (r < 0) {
                fprintf(stderr, "dpin-validator: %s\n", error ? error : strerror(-r));
                return EXIT_FAILURE;
        }
        if (v.health)
                r = ask_health(&v);
        else
                r = run(&v) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        validator_conf_done(&v.conf);
        return r;
}
