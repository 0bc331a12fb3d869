/* One query each; a replay is what a function of the database makes of it. */
#include "api/alerts.h"

#include <errno.h>

#include "store/alert-outbox.h"
#include "store/alert-views.h"

void alerts_list(ApiCall *c) {
        AlertPage page = { .organisation = c->who.organisation,
                           .state = httpd_query(c->http, "state") };
        int has_channel, has_incident, has_cursor;
        Uuid channel, incident, after;

        if (page.state && !alert_is_state(page.state)) {
                (void)call_refuse_query(c, "state",
                                        "pending, delivered, failed, dropped or grouped");
                return;
        }
        has_channel = call_query_uuid(c, "channelId", &channel);
        if (has_channel < 0)
                return;
        has_incident = call_query_uuid(c, "incidentId", &incident);
        if (has_incident < 0)
                return;
        has_cursor = call_query_uuid(c, "cursor", &after);
        if (has_cursor < 0 || call_query_limit(c, &page.limit) < 0)
                return;
        page.channel = has_channel ? &channel : NULL;
        page.incident = has_incident ? &incident : NULL;
        page.after = has_cursor ? &after : NULL;
        call_started(c, alerts_page_json(call_views(c), &page, call_answer, c, &c->open));
}

void alert_show(ApiCall *c) {
        AlertView view = { .organisation = c->who.organisation };

        if (call_id(c, &view.id) == 0)
                call_started(c, alert_json(call_views(c), &view, call_answer, c, &c->open));
}

void alert_post_replay(ApiCall *c) {
        AlertDeed deed = { .organisation = c->who.organisation, .actor = c->who.actor };

        if (call_id(c, &deed.id) == 0)
                call_started(c, alert_replay(c->api->store, &deed, call_answer_deed, c, &c->open));
}
