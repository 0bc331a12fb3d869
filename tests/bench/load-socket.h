/* One WebSocket to the hub over plain TCP on the loop, cheap enough for thousands in a process
 * (event/ws.h has one client at a time). Whole messages in, masked frames out, pings answered. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "load-args.h"

typedef struct LoadSocket LoadSocket;

typedef struct LoadSocketOps {
        void (*opened)(void *userdata);
        /* data is valid during the call; the socket may be freed inside. */
        void (*received)(bool binary, const uint8_t *data, size_t n, void *userdata);
        /* It is over, also when it never opened. Free it; nothing else is called. */
        void (*closed)(const char *why, void *userdata);
} LoadSocketOps;

/* Begins to connect. args and ops are borrowed. */
int load_socket_new(LoadSocket **ret, uv_loop_t *loop, const LoadArgs *args,
                    const LoadSocketOps *ops, void *userdata);
/* No callback comes after this. */
LoadSocket *load_socket_free(LoadSocket *s);

/* 0; -EAGAIN: too much waits to be written, nothing was sent; -ENOTCONN. */
int load_socket_send(LoadSocket *s, bool binary, const void *data, size_t n);
/* Says a close frame; the peer's answer ends it. */
void load_socket_close(LoadSocket *s, unsigned code);
