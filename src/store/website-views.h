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

typedef struct WebsiteView {
        uint32_t organisation;
        Uuid id;
} WebsiteView;

int websites_page_json(Store *s, const WebsitePage *page, StoreJson callback, void *userdata,
                       StoreCall **ret);
int website_status_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                        StoreCall **ret);

extern const PqStatement *const website_views_statements[];
