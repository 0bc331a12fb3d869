/* Channels and the log of alerts as an organisation sees its own. Secrets are not looked at. */
#pragma once

#include "base/id.h"
#include "store/store.h"

/* GET /api/v1/channels. In the order of their making; page->organisation is never 0. */
int channels_page_json(Store *s, const StorePage *page, StoreJson callback, void *userdata,
                       StoreCall **ret);

typedef struct AlertView {
        uint32_t organisation;
        Uuid id;
} AlertView;

/* GET /api/v1/channel/:id. -ENOENT: this organisation has no such channel. */
int channel_json(Store *s, const AlertView *view, StoreJson callback, void *userdata,
                 StoreCall **ret);

typedef struct ChannelKindRow {
        const char *kind;
} ChannelKindRow;

/* One row. -ENOENT as above. */
typedef void (*ChannelKindRows)(int r, const ChannelKindRow *rows, size_t n, void *userdata);

int channel_kind_find(Store *s, const AlertView *view, ChannelKindRows callback, void *userdata,
                      StoreCall **ret);

typedef struct AlertPage {
        uint32_t organisation;
        const Uuid *channel, *incident; /* NULL: any; one that is not there has no alerts */
        const char *state;              /* one by alert_is_state(); NULL: any */
        const Uuid *after;              /* NULL: from the newest */
        unsigned limit;
} AlertPage;

/* GET /api/v1/alerts. Newest first, of removed channels, too. */
int alerts_page_json(Store *s, const AlertPage *page, StoreJson callback, void *userdata,
                     StoreCall **ret);
/* GET /api/v1/alert/:id: with what it tells, and its last hundred tries, oldest first. -ENOENT:
 * this organisation has no such alert. */
int alert_json(Store *s, const AlertView *view, StoreJson callback, void *userdata,
               StoreCall **ret);

extern const PqStatement *const alert_views_statements[];
