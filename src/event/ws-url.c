/* ws:// and wss:// URLs: http:// and https:// by another name, and read as those. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "event/ws-internal.h"

/* "://HOST..." of a ws URL, or NULL. */
static const char *after_scheme(const char *text, bool *ret_tls) {
        *ret_tls = strncasecmp(text, "wss://", 6) == 0;
        if (*ret_tls)
                return text + 3;
        return strncasecmp(text, "ws://", 5) == 0 ? text + 2 : NULL;
}

static void spell(WsUrl *u) {
        bool v6 = strchr(u->host, ':') != NULL;

        snprintf(u->authority, sizeof(u->authority), "%s%s%s:%u", v6 ? "[" : "", u->host,
                 v6 ? "]" : "", u->port);
        snprintf(u->host_header, sizeof(u->host_header), "%s", u->authority);
        if (u->port == (u->tls ? 443 : 80))
                *strrchr(u->host_header, ':') = '\0';
}

int ws_url_parse(WsUrl *u, const char *text) {
        _cleanup_free_ char *http = NULL;
        const char *rest = after_scheme(text, &u->tls), *path;
        UrlParts parts;

        if (!rest)
                return -EINVAL;
        if (asprintf(&http, "http%s%s", u->tls ? "s" : "", rest) < 0) {
                http = NULL;
                return -ENOMEM;
        }
        if (url_check(http, &parts, NULL) < 0)
                return -EINVAL;
        path = rest + 3 + strcspn(rest + 3, "/?#");
        if ((*path && *path != '/') || strchr(path, '#'))
                return -EINVAL;

        u->port = parts.port;
        snprintf(u->host, sizeof(u->host), "%s", parts.host);
        spell(u);
        u->path = strdup(*path ? path : "/");
        return u->path ? 0 : -ENOMEM;
}

void ws_url_done(WsUrl *u) {
        free(TAKE_PTR(u->path));
}
