/* Any text as the hub's address: what is accepted has a host, a port and a path, and spelled out in
 * full it is the same address. */
#include <strings.h>

#include "event/ws-internal.h"
#include "property.h"

static void check_parts(const WsUrl *u) {
        PROPERTY(u->port > 0 && u->host[0] && u->path[0] == '/');
        for (const char *c = u->host; *c; c++)
                PROPERTY(*c > ' ' && *c < 0x7f && (*c < 'A' || *c > 'Z') && !strchr("/?#@[]", *c));
        for (const char *c = u->path; *c; c++)
                PROPERTY(*c > ' ' && *c != '#' && *c < 0x7f);
        PROPERTY(strncmp(u->authority, u->host_header, strlen(u->host_header)) == 0);
}

/* The host is all that stands before port or path. */
static void check_text(const WsUrl *u, const char *authority) {
        const char *host = authority + (*authority == '[');
        size_t n = strlen(u->host);

        PROPERTY(strncasecmp(host, u->host, n) == 0 && strchr("]:/", host[n]));
        PROPERTY(!u->path[1] || strcmp(strchr(authority, '/'), u->path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size), *full = NULL;
        WsUrl u = { 0 }, again = { 0 };

        if (ws_url_parse(&u, text) < 0) {
                PROPERTY(!u.path);
                return 0;
        }
        check_parts(&u);
        check_text(&u, strstr(text, "://") + 3);
        PROPERTY(asprintf(&full, "%s://%s%s", u.tls ? "wss" : "ws", u.authority, u.path) > 0);
        PROPERTY(ws_url_parse(&again, full) == 0);
        PROPERTY(u.tls == again.tls && u.port == again.port && strcmp(u.host, again.host) == 0);
        PROPERTY(strcmp(u.path, again.path) == 0 && strcmp(u.authority, again.authority) == 0);
        PROPERTY(strcmp(u.host_header, again.host_header) == 0);
        ws_url_done(&u);
        ws_url_done(&again);
        return 0;
}
