/* Paths stand here and nowhere else. */
#include "api/routes.h"

#include "api/acknowledge.h"
#include "api/alerts.h"
#include "api/channels.h"
#include "api/dashboard.h"
#include "api/events.h"
#include "api/health.h"
#include "api/heartbeats.h"
#include "api/incidents.h"
#include "api/maintenance.h"
#include "api/payouts.h"
#include "api/validators.h"
#include "api/verdicts.h"
#include "api/websites.h"

const Route api_routes[] = {
        { "GET", "/acknowledge/:link", 0, acknowledge_show },
        { "POST", "/acknowledge/:link", 0, acknowledge_use },
        { "GET", "/api/v1/alert/:id", TOKEN_READ, alert_show },
        { "POST", "/api/v1/alert/:id/replay", TOKEN_WRITE, alert_post_replay },
        { "GET", "/api/v1/alerts", TOKEN_READ, alerts_list },
        { "POST", "/api/v1/channel", TOKEN_WRITE, channel_create },
        { "DELETE", "/api/v1/channel/:id", TOKEN_WRITE, channel_delete },
        { "GET", "/api/v1/channel/:id", TOKEN_READ, channel_show },
        { "PATCH", "/api/v1/channel/:id", TOKEN_WRITE, channel_update },
        { "POST", "/api/v1/channel/:id/enable", TOKEN_WRITE, channel_post_enable },
        { "POST", "/api/v1/channel/:id/rotate", TOKEN_WRITE, channel_post_rotate },
        { "POST", "/api/v1/channel/:id/test", TOKEN_WRITE, channel_post_test },
        { "GET", "/api/v1/channels", TOKEN_READ, channels_list },
        { "GET", "/api/v1/events", TOKEN_READ, events_stream },
        { "GET", "/api/v1/heartbeat/:secret", 0, heartbeat_call },
        { "POST", "/api/v1/heartbeat/:secret", 0, heartbeat_call },
        { "POST", "/api/v1/heartbeat/:secret/fail", 0, heartbeat_fail },
        { "POST", "/api/v1/incident", TOKEN_WRITE, incident_create },
        { "GET", "/api/v1/incident/:id", TOKEN_READ, incident_show },
        { "POST", "/api/v1/incident/:id/acknowledge", TOKEN_WRITE, incident_post_acknowledge },
        { "POST", "/api/v1/incident/:id/assign", TOKEN_WRITE, incident_post_assign },
        { "POST", "/api/v1/incident/:id/note", TOKEN_WRITE, incident_post_note },
        { "POST", "/api/v1/incident/:id/resolve", TOKEN_WRITE, incident_post_resolve },
        { "GET", "/api/v1/incidents", TOKEN_READ, incidents_list },
        { "GET", "/api/v1/maintenance", TOKEN_READ, maintenance_list },
        { "POST", "/api/v1/maintenance", TOKEN_WRITE, maintenance_create },
        { "DELETE", "/api/v1/maintenance/:id", TOKEN_WRITE, maintenance_delete },
        { "POST", "/api/v1/payout/:validatorId", TOKEN_PAYOUTS, payout_create },
        { "GET", "/api/v1/validators", TOKEN_READ, validators_list },
        { "DELETE", "/api/v1/website", TOKEN_WRITE, website_delete },
        { "PATCH", "/api/v1/website", TOKEN_WRITE, website_update },
        { "POST", "/api/v1/website", TOKEN_WRITE, website_create },
        { "POST", "/api/v1/website/heartbeat", TOKEN_WRITE, heartbeat_create },
        { "GET", "/api/v1/website/latency", TOKEN_READ, website_latency },
        { "GET", "/api/v1/website/status", TOKEN_READ, website_status },
        { "GET", "/api/v1/website/verdict", TOKEN_READ, verdict_show },
        { "GET", "/api/v1/website/verdicts", TOKEN_READ, verdicts_list },
        { "GET", "/api/v1/websites", TOKEN_READ, websites_list },
        { "GET", "/healthz", 0, health_alive },
        { "GET", "/readyz", 0, health_ready },
        { "GET", "/", 0, dashboard_file },
        { "GET", "/:file", 0, dashboard_file },
        { 0 },
};
