/* One page of incidents, of one website or of all. */
#include "api/incidents.h"

#include "store/incidents.h"

void incidents_list(ApiCall *c) {
        IncidentPage page = { .organisation = c->who.organisation };
        int has_website, has_cursor;
        Uuid website, after;

        has_website = call_query_uuid(c, "websiteId", &website);
        if (has_website < 0)
                return;
        has_cursor = call_query_uuid(c, "cursor", &after);
        if (has_cursor < 0 || call_query_limit(c, &page.limit) < 0)
                return;
        page.website = has_website ? &website : NULL;
        page.after = has_cursor ? &after : NULL;
        call_started(c, incidents_page_json(call_views(c), &page, call_answer, c, &c->open));
}
