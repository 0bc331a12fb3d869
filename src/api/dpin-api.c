/* The API's main(): arguments, settings, then the loop. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/bus.h"
#include "api/manager.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/daemon-args.h"

typedef struct Api {
        DaemonArgs args;
        ApiConf conf;
        ApiManager *manager;
        ApiBus *bus;
} Api;

static const DaemonProgram program = {
        .name = "dpin-api",
        .summary = "Serves the REST interface, the stream of events and the dashboard.",
};

static void on_changed(void *userdata) {
        Api *a = userdata;

        api_bus_changed(a->bus);
}

static int on_reload_wanted(char **error, void *userdata) {
        Api *a = userdata;
        ApiConf fresh = { 0 };
        int r;

        r = api_conf_load(a->args.config, &fresh, error);
        r = daemon_reloaded(r, *error, fresh.log_level);
        api_conf_done(&fresh);
        return r;
}

static int on_start(Daemon *d, void *userdata) {
        Api *a = userdata;
        int r;

        r = api_manager_new(&a->manager, d,
                            &(ApiManagerOptions){ .conf = &a->conf,
                                                  .reload = on_reload_wanted,
                                                  .changed = on_changed,
                                                  .userdata = a });
        if (r < 0)
                return r;
        return api_bus_new(&a->bus, daemon_loop(d), a->args.bus, a->manager);
}

static int on_reload(Daemon *d _unused_, void *userdata) {
        _cleanup_free_ char *error = NULL;

        return on_reload_wanted(&error, userdata);
}

static void on_stop(Daemon *d _unused_, void *userdata) {
        Api *a = userdata;

        api_manager_stop(a->manager);
}

static void on_free(Daemon *d _unused_, void *userdata) {
        Api *a = userdata;

        a->bus = api_bus_free(a->bus);
        a->manager = api_manager_free(a->manager);
}

static const DaemonOps ops = {
        .start = on_start,
        .reload = on_reload,
        .stop = on_stop,
        .free = on_free,
};

static int run(Api *a) {
        int r;

        if (a->args.check_config)
                return 0;
        if (a->args.print_config)
                return api_conf_print(a->args.config, &a->conf, stdout);
        log_set_level_name(a->conf.log_level);
        r = daemon_run(&ops, a);
        if (r >= 0)
                log_event(LOG_INFO, DPIN_MSG_STOPPED, "ended", "DPIN_DAEMON=dpin-api");
        return r;
}

int main(int argc, char *argv[]) {
        _cleanup_free_ char *error = NULL;
        Api a = { 0 };
        int r;

        r = daemon_args_parse(&program, argc, argv, &a.args, NULL);
        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;

        r = api_conf_load(a.args.config, &a.conf, &error);
        if (r < 0) {
                fprintf(stderr, "dpin-api: %s\n", error ? error : strerror(-r));
                return EXIT_FAILURE;
        }
        r = run(&a);
        api_conf_done(&a.conf);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
