/* Why a website is, or was, what it is: whose it is, then the verdict. */
#include <errno.h>
#include <string.h>

#include "hub/bus-deeds.h"
#include "store/verdict-views.h"
#include "store/websites.h"

/* Anew at each step, as the message keeps it. 0; -EINVAL: wrong, and answered. */
static int read_call(BusCall *c, VerdictView *ret) {
        const char *id, *at, *wrong = NULL;

        if (!bus_call_read(c, "ss", &id, &at))
                return -EINVAL;
        if (uuid_parse(id, &ret->website) < 0)
                wrong = "A website's id is a UUID";
        else if (*at == '\0')
                ret->at = USEC_INFINITY;
        else if (time_parse(at, &ret->at) < 0 || ret->at > now_realtime())
                wrong = "The moment has to be over, and written as 2026-01-02T03:04:05Z";
        if (wrong)
                bus_call_fail(c, -EINVAL, wrong);
        return wrong ? -EINVAL : 0;
}

static void on_verdict(int r, const char *json, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, sd_bus_message_append(answer, "s", json));
}

static void on_owner(int r, const WebsiteRow *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        HubManager *m = bus_call_userdata(c);
        VerdictView view = { 0 };

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? "No website has this id" : NULL);
                return;
        }
        if (read_call(c, &view) < 0)
                return;
        view.organisation = rows->organisation;
        r = verdict_view_json(hub_manager_store(m), &view, on_verdict, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_show_verdict(BusCall *c, void *userdata) {
        VerdictView view = { 0 };
        int r;

        if (read_call(c, &view) < 0)
                return;
        r = website_find(hub_manager_store(userdata), &view.website, on_owner, c,
                         bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
