/* Files by name, from memory; there is no path to walk. */
#include "api/dashboard.h"

#include "api/assets.h"
#include "api/reply.h"

void dashboard_file(ApiCall *c) {
        const Assets *assets = c->api->assets;
        const Asset *a = assets ? assets_find(assets, c->match.parameter) : NULL;

        if (!a) {
                reply_problem(c->http,
                              &(Problem){ .status = 404,
                                          .detail = assets ? "There is nothing at this address."
                                                           : "The dashboard is not installed." });
                return;
        }
        reply_file(c->http, &(ReplyFile){ .content_type = a->content_type,
                                          .cache_control = a->cache_control,
                                          .etag = a->etag,
                                          .body = a->body,
                                          .n = a->n });
}
