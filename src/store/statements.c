/* The statements of all nouns in one list, and of some in others. */
#include "store/statements.h"

#include "store/accounts.h"
#include "store/acknowledge-links.h"
#include "store/alert-box.h"
#include "store/alert-channels.h"
#include "store/alert-outbox.h"
#include "store/alert-views.h"
#include "store/audit.h"
#include "store/batches.h"
#include "store/closing.h"
#include "store/database.h"
#include "store/epochs.h"
#include "store/events.h"
#include "store/feed.h"
#include "store/heartbeats.h"
#include "store/hub-state.h"
#include "store/identities.h"
#include "store/incident-deeds.h"
#include "store/incident-views.h"
#include "store/incidents.h"
#include "store/ledger.h"
#include "store/maintenance.h"
#include "store/operator-alerts.h"
#include "store/orders.h"
#include "store/pages.h"
#include "store/positions.h"
#include "store/recent.h"
#include "store/retention.h"
#include "store/rollups.h"
#include "store/store.h"
#include "store/streams.h"
#include "store/ticks.h"
#include "store/users.h"
#include "store/validators.h"
#include "store/verdict-views.h"
#include "store/verdicts.h"
#include "store/website-latency.h"
#include "store/website-views.h"
#include "store/websites.h"

#define UPKEEP closing_statements, rollups_statements

static const StoreStatements upkeep[] = { UPKEEP, NULL };

/* The upkeep's come first. Who prepares a statement that writes a table locks that for a moment,
 * and waits for who has locked it: only the upkeep's connection may. */
static const StoreStatements all[] = {
        UPKEEP,
        accounts_statements,
        acknowledge_links_statements,
        alert_box_statements,
        alert_channels_statements,
        alert_outbox_statements,
        alert_views_statements,
        audit_statements,
        batches_statements,
        database_statements,
        epochs_statements,
        events_statements,
        feed_statements,
        heartbeats_statements,
        hub_state_statements,
        identities_statements,
        incident_deeds_statements,
        incident_views_statements,
        incidents_statements,
        ledger_statements,
        maintenance_statements,
        maintenance_views_statements,
        operator_alerts_statements,
        orders_statements,
        pages_statements,
        positions_statements,
        recent_statements,
        retention_statements,
        streams_statements,
        ticks_statements,
        users_statements,
        validators_statements,
        verdict_views_statements,
        verdicts_statements,
        website_latency_statements,
        website_views_statements,
        websites_statements,
        NULL,
};

const StoreStatements *store_statements(void) {
        return all;
}

const StoreStatements *store_service_statements(void) {
        return &all[ELEMENTSOF(upkeep) - 1];
}

const StoreStatements *store_reader_statements(void) {
        static const StoreStatements views[] = {
                alert_views_statements,   incident_views_statements,
                incidents_statements,     maintenance_views_statements,
                positions_statements,     validators_statements,
                verdict_views_statements, website_latency_statements,
                website_views_statements, NULL,
        };

        return views;
}

const StoreStatements *store_upkeep_statements(void) {
        return upkeep;
}

const StoreStatements *store_alert_statements(void) {
        static const StoreStatements alerts[] = { alert_outbox_statements, NULL };

        return alerts;
}
