/* Two constants; what is wrong in detail is for the journal and D-Bus, not for strangers. */
#include "api/health.h"

#include "api/reply.h"

static const char alive[] = "{\"status\":\"ok\"}";
static const char ready[] = "{\"status\":\"ready\"}";

void health_alive(ApiCall *c) {
        reply_json(c->http, alive, sizeof(alive) - 1);
}

void health_ready(ApiCall *c) {
        if (api_is_ready(c->api))
                reply_json(c->http, ready, sizeof(ready) - 1);
        else
                call_unavailable(c);
}
