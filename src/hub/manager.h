/* The hub as a whole: knows every module, nobody but main() and the bus knows it. */
#pragma once

#include "base/refusals.h"
#include "event/daemon.h"
#include "event/ws.h"
#include "hub/alerts.h"
#include "hub/conf.h"
#include "hub/core.h"
#include "hub/deadman.h"
#include "store/rollups.h"

typedef struct HubManager HubManager;

typedef struct HubManagerOptions {
        const HubConf *conf; /* borrowed */
        /* Something happened, and is durable. */
        void (*news)(const NewsItem *item, void *userdata);
        /* Reads the settings again. Negative: refused, *error says why, freed by the caller. */
        int (*reload)(char **error, void *userdata);
        /* What hub_manager_state() or hub_manager_sessions() say is another now. */
        void (*changed)(void *userdata);
        void *userdata;
} HubManagerOptions;

int hub_manager_new(HubManager **ret, Daemon *daemon, const HubManagerOptions *options);
HubManager *hub_manager_free(HubManager *m);
DEFINE_FREEP(HubManager, hub_manager_free);
/* Says bye, commits what is there, then daemon_finished(). */
void hub_manager_stop(HubManager *m);

/* For the bus. Borrowed; core is NULL while the database is away. */
Store *hub_manager_store(HubManager *m);
Core *hub_manager_core(HubManager *m);
const PublicKey *hub_manager_network(const HubManager *m);
const uint8_t *hub_manager_secret(const HubManager *m); /* 32 bytes, that epochs come from */
Retention hub_manager_retention(const HubManager *m);   /* as it is now */
usec_t hub_manager_now(const HubManager *m);            /* hub time */
const AlertKeys *hub_manager_alert_keys(const HubManager *m);
const AlertHooks *hub_manager_alert_hooks(const HubManager *m);
AlertsCounters hub_manager_alerts(const HubManager *m);
const DeadMan *hub_manager_dead_man(const HubManager *m); /* NULL: there is none */
size_t hub_manager_sessions(const HubManager *m);
int hub_manager_reload(HubManager *m, char **error);
const News *hub_manager_news(const HubManager *m);
const Refusals *hub_manager_refusals(const HubManager *m);
const WsCounters *hub_manager_connections(const HubManager *m); /* NULL: none yet */
/* One sentence: "ready", or what is missing. */
const char *hub_manager_state(const HubManager *m);
