/* The validator's main(): arguments, settings, then the loop. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/daemon-args.h"
#include "validator/bus.h"
#include "validator/manager.h"

typedef struct Validator {
        DaemonArgs args;
        ValidatorConf conf;
        ValidatorManager *manager;
        ValidatorBus *bus;
} Validator;

static const DaemonProgram program = {
        .name = "dpin-validator",
        .summary = "Checks websites as the hub orders, signs what it saw, and delivers it.",
};

static void on_changed(void *userdata) {
        Validator *v = userdata;

        validator_bus_changed(v->bus);
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
        return validator_bus_new(&v->bus, daemon_loop(d), v->args.bus, v->manager);
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

int main(int argc, char *argv[]) {
        _cleanup_free_ char *error = NULL;
        Validator v = { 0 };
        int r;

        r = daemon_args_parse(&program, argc, argv, &v.args, NULL);
        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;

        r = validator_conf_load(v.args.config, &v.conf, &error);
        if (r < 0) {
                fprintf(stderr, "dpin-validator: %s\n", error ? error : strerror(-r));
                return EXIT_FAILURE;
        }
        r = run(&v);
        validator_conf_done(&v.conf);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
