/* What the API shows of websites: one query per answer, as JSON made by PostgreSQL in the shapes of
 * the REST interface. Cost does not depend on how many ticks exist. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct WebsitePage {
        uint32_t organisation;
        const Uuid *after; /* NULL: from the start; else what nextCursor said */
        unsigned limit;    /* 1..500 */
} WebsitePage;

typedef enum LatencyWindow {
        LATENCY_1H,
        LATENCY_24H,
        LATENCY_7D,
        LATENCY_30D,
        _LATENCY_WINDOW_MAX,
} LatencyWindow;

/* "1h", "24h", "7d", "30d"; -EINVAL: none of these. */
int latency_window_from_name(const char *name);

typedef struct WebsiteView {
        uint32_t organisation;
        Uuid id;
        LatencyWindow window; /* website_latency_json() only */
} WebsiteView;

int websites_page_json(Store *s, const WebsitePage *page, StoreJson callback, void *userdata,
                       StoreCall **ret);
int website_status_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                        StoreCall **ret);
int website_latency_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                         StoreCall **ret);

extern const PqStatement *const website_views_statements[];
