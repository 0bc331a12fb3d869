/* Requests from first byte to last: found in the table of routes, allowed, handled, and cleared
 * away when answered or abandoned. */
#pragma once

#include <uv.h>

#include "api/call.h"

typedef struct Server Server;

typedef struct ServerOptions {
        int fd;              /* listening; the server's when server_new() succeeded */
        const Route *routes; /* borrowed, as the context */
        const ApiContext *api;
        unsigned connections, connections_per_address; /* at most; 0: httpd.h's defaults */
        const char *trusted_proxies; /* whom the second does not hold for; or NULL */
} ServerOptions;

int server_new(Server **ret, uv_loop_t *loop, const ServerOptions *options);
/* Not inside a callback of it. */
Server *server_free(Server *s);
DEFINE_FREEP(Server, server_free);
/* No new connections; streams end, open requests are answered. */
void server_drain(Server *s);
/* Requests that are not finished. */
unsigned server_active(const Server *s);
/* As of httpd_guests(). */
unsigned server_guests(const Server *s);
/* As of httpd_connections(). */
unsigned server_connections(const Server *s, unsigned *ret_most);
/* What was refused, by requests and before them. */
Refusals *server_refusals(Server *s);
