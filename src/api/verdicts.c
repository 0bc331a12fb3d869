/* The verdict of now or of some moment, and pages of those that have been. */
#include "api/verdicts.h"

#include "store/verdict-views.h"

void verdict_show(ApiCall *c) {
        VerdictView view = { .organisation = c->who.organisation, .at = USEC_INFINITY };

        if (call_query_website(c, &view.website) < 0 || call_query_past(c, "at", &view.at) < 0)
                return;
        call_started(c, verdict_view_json(call_views(c), &view, call_answer, c, &c->open));
}

void verdicts_list(ApiCall *c) {
        VerdictPage page = { .organisation = c->who.organisation, .before.started = USEC_INFINITY };
        const char *cursor = httpd_query(c->http, "cursor");

        if (call_query_website(c, &page.website) < 0 || call_query_limit(c, &page.limit) < 0)
                return;
        if (cursor && verdict_cursor_parse(cursor, &page.before) < 0)
                (void)call_refuse_query(c, "cursor", "a \"nextCursor\" of such an answer");
        else
                call_started(c, verdict_page_json(call_views(c), &page, call_answer, c, &c->open));
}
