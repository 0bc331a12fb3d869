/* How long a website took, by phase and by validator: one query, whose rows the program adds up and
 * writes as JSON in the shape of the REST interface. Cost does not depend on how many ticks exist.
 */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef enum LatencyWindow {
        LATENCY_1H,
        LATENCY_24H,
        LATENCY_7D,
        LATENCY_30D,
        _LATENCY_WINDOW_MAX,
} LatencyWindow;

/* "1h", "24h", "7d", "30d"; -EINVAL: none of these. */
int latency_window_from_name(const char *name);

typedef struct LatencyView {
        uint32_t organisation;
        Uuid id;
        LatencyWindow window;
} LatencyView;

int website_latency_json(Store *s, const LatencyView *view, StoreJson callback, void *userdata,
                         StoreCall **ret);

extern const PqStatement *const website_latency_statements[];
