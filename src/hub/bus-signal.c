/* News as signals: the texts in their order, then the time. */
#include "hub/bus-deeds.h"

static const struct {
        const char *member;
        unsigned texts;
} signals[_NEWS_MAX] = {
        [NEWS_INCIDENT_CHANGED] = { "IncidentChanged", 6 },
        [NEWS_INCIDENT_CLOSED] = { "IncidentClosed", 5 },
        [NEWS_INCIDENT_OPENED] = { "IncidentOpened", 5 },
        [NEWS_VALIDATOR_OFFLINE] = { "ValidatorOffline", 2 },
        [NEWS_VALIDATOR_ONLINE] = { "ValidatorOnline", 2 },
        [NEWS_VALIDATOR_WAITING] = { "ValidatorWaiting", 3 },
        [NEWS_WEBSITE_ADDED] = { "WebsiteAdded", 2 },
        [NEWS_WEBSITE_FLAPPING] = { "WebsiteFlapping", 3 },
        [NEWS_WEBSITE_REMOVED] = { "WebsiteRemoved", 2 },
        [NEWS_WEBSITE_STATE_CHANGED] = { "WebsiteStateChanged", 6 },
};

int hub_bus_signal(const BusObject *from, const NewsItem *item) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_signal(from->bus, &m, from->path, from->interface,
                                      signals[item->kind].member);
        for (unsigned i = 0; r >= 0 && i < signals[item->kind].texts; i++)
                r = sd_bus_message_append(m, "s", item->texts[i] ? item->texts[i] : "");
        if (r >= 0)
                r = sd_bus_message_append(m, "t", item->at / USEC_PER_SEC);
        return r < 0 ? r : sd_bus_send(from->bus, m, NULL);
}
