/* ws:// and wss:// URLs. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "event/ws-internal.h"

/* Without brackets; what follows it, or NULL. */
static const char *parse_host(WsUrl *u, const char *text, size_t n) {
        bool bracket = n > 0 && *text == '[';
        size_t host_n = bracket ? strcspn(text, "]") - 1 : strcspn(text, ":/?#");
        const char *host = text + bracket;

        if (host_n == 0 || host_n >= sizeof(u->host) || host_n + 2 * bracket > n)
                return NULL;
        for (size_t i = 0; i < host_n; i++) {
                if (!isgraph((unsigned char)host[i]) || host[i] == '@' || host[i] == '[')
                        return NULL;
                u->host[i] = (char)tolower((unsigned char)host[i]);
        }
        u->host[host_n] = '\0';
        return host + host_n + bracket;
}

static int parse_authority(WsUrl *u, const char *text, size_t n) {
        const char *rest = parse_host(u, text, n);
        unsigned long port = u->tls ? 443 : 80;
        char *end;

        if (!rest)
                return -EINVAL;
        if (rest < text + n) {
                if (*rest != ':' || !isdigit((unsigned char)rest[1]))
                        return -EINVAL;
                port = strtoul(rest + 1, &end, 10);
                if (end != text + n || port == 0 || port > UINT16_MAX)
                        return -EINVAL;
        }
        u->port = (uint16_t)port;
        return 0;
}

static bool is_path(const char *text) {
        if (*text && *text != '/')
                return false;
        for (; *text; text++)
                if (!isgraph((unsigned char)*text) || *text == '#')
                        return false;
        return true;
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
        size_t n;
        int r;

        u->tls = strncasecmp(text, "wss://", 6) == 0;
        if (!u->tls && strncasecmp(text, "ws://", 5) != 0)
                return -EINVAL;

        text += u->tls ? 6 : 5;
        n = strcspn(text, "/?#");
        r = parse_authority(u, text, n);
        if (r < 0)
                return r;

        text += n;
        if (!is_path(text))
                return -EINVAL;
        spell(u);
        u->path = strdup(*text ? text : "/");
        return u->path ? 0 : -ENOMEM;
}

void ws_url_done(WsUrl *u) {
        free(TAKE_PTR(u->path));
}
