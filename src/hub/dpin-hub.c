/* The hub's main(): arguments, settings, then the loop. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/daemon-args.h"
#include "hub/bus.h"
#include "hub/manager.h"
#include "store/cluster.h"
#include "store/migrate.h"

#define SQL_DIRECTORY DPIN_SHARE_DIR "/sql"

typedef struct HubArgs {
        bool migrate;
        bool setup_database;
} HubArgs;

typedef struct Hub {
        DaemonArgs args;
        HubConf conf;
        HubManager *manager;
        HubBus *bus;
} Hub;

static const DaemonOption options[] = {
        { "migrate", NULL, "bring the database to this program's schema, then exit",
          offsetof(HubArgs, migrate) },
        { "setup-database", NULL,
          "make roles and database on this machine's PostgreSQL, migrate, exit",
          offsetof(HubArgs, setup_database) },
        { 0 },
};

static const DaemonProgram program = {
        .name = "dpin-hub",
        .summary = "Hands out checks to validators, verifies and records what they saw, and "
                   "decides by quorum.",
        .options = options,
};

static void on_changed(void *userdata) {
        Hub *h = userdata;

        hub_bus_changed(h->bus);
}

static void on_news(const NewsItem *item, void *userdata) {
        Hub *h = userdata;

        hub_bus_news(h->bus, item);
}

static int on_reload_wanted(char **error, void *userdata) {
        Hub *h = userdata;
        HubConf fresh = { 0 };
        int r;

        r = hub_conf_load(h->args.config, &fresh, error);
        r = daemon_reloaded(r, *error, fresh.log_level);
        hub_conf_done(&fresh);
        return r;
}

static int on_start(Daemon *d, void *userdata) {
        Hub *h = userdata;
        int r;

        r = hub_manager_new(&h->manager, d,
                            &(HubManagerOptions){ .conf = &h->conf,
                                                  .news = on_news,
                                                  .reload = on_reload_wanted,
                                                  .changed = on_changed,
                                                  .userdata = h });
        if (r < 0)
                return r;
        return hub_bus_new(&h->bus, daemon_loop(d), h->args.bus, h->manager);
}

static int on_reload(Daemon *d _unused_, void *userdata) {
        _cleanup_free_ char *error = NULL;

        return on_reload_wanted(&error, userdata);
}

static void on_stop(Daemon *d _unused_, void *userdata) {
        Hub *h = userdata;

        hub_manager_stop(h->manager);
}

static void on_free(Daemon *d _unused_, void *userdata) {
        Hub *h = userdata;

        h->bus = hub_bus_free(h->bus);
        h->manager = hub_manager_free(h->manager);
}

static const DaemonOps ops = {
        .start = on_start,
        .reload = on_reload,
        .stop = on_stop,
        .free = on_free,
};

static int migrate(const char *dsn) {
        const char *directory = getenv("DPIN_SQL_DIR");
        _cleanup_free_ char *error = NULL;
        int r;

        r = store_migrate(dsn, directory ? directory : SQL_DIRECTORY, &error, stdout);
        if (r < 0)
                fprintf(stderr, "dpin-hub: %s\n", error ? error : strerror(-r));
        return r;
}

/* As PostgreSQL's own user, who cannot read the hub's settings and needs none of them: this is
 * about the one database that the hub uses without any. */
static int setup_database(void) {
        _cleanup_free_ char *error = NULL;
        int r;

        r = store_make_cluster("dbname=postgres connect_timeout=10", &error, stdout);
        if (r < 0) {
                fprintf(stderr, "dpin-hub: %s\n", error ? error : strerror(-r));
                return r;
        }
        return migrate("dbname=dpin connect_timeout=10");
}

/* What a commit is made of grows to megabytes and is freed; what stands is a few hundred bytes for
 * each website. Large pieces have memory of their own, so that they leave no holes among the small
 * ones (by itself malloc() does so at first only); what the next commit needs is not given back. */
#define OWN_MEMORY_FROM (1024 * 1024)
#define KEPT_MEMORY     (16 * 1024 * 1024)
static void keep_heap_dense(void) {
        (void)mallopt(M_MMAP_THRESHOLD, OWN_MEMORY_FROM);
        (void)mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
}

static int run(Hub *h, const HubArgs *args) {
        int r;

        if (h->args.check_config)
                return 0;
        if (h->args.print_config)
                return hub_conf_print(h->args.config, &h->conf, stdout);
        if (args->migrate)
                return migrate(hub_conf_dsn(&h->conf));
        log_set_level_name(h->conf.log_level);
        keep_heap_dense();
        r = daemon_run(&ops, h);
        if (r >= 0)
                log_event(LOG_INFO, DPIN_MSG_STOPPED, "ended", "DPIN_DAEMON=dpin-hub");
        return r;
}

int main(int argc, char *argv[]) {
        _cleanup_free_ char *error = NULL;
        HubArgs args = { 0 };
        Hub h = { 0 };
        int r;

        r = daemon_args_parse(&program, argc, argv, &h.args, &args);
        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        if (args.setup_database)
                return setup_database() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

        r = hub_conf_load(h.args.config, &h.conf, &error);
        if (r < 0) {
                fprintf(stderr, "dpin-hub: %s\n", error ? error : strerror(-r));
                return EXIT_FAILURE;
        }
        r = run(&h, &args);
        hub_conf_done(&h.conf);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
