/* One for the other. */
#include "hub/manager-alerts.h"

AlertWays hub_alert_ways(const HubConf *c) {
        return (AlertWays){
                .allow = c->alert_allow,
                .public_url = c->public_url,
                .timeout = c->alert_timeout,
                .smtp_server = c->smtp_server,
                .smtp_encryption = c->smtp_encryption,
                .smtp_from = c->smtp_from,
                .smtp_user = c->smtp_user,
                .smtp_password = c->smtp_password,
                .smtp_ca = c->smtp_ca,
                .apprise = c->alert_apprise,
        };
}
