/* The inside of the WebSocket server and client, shared by ws.c, ws-context.c, ws-server.c and
 * ws-client.c only. */
#pragma once

#include <libwebsockets.h>

#include "event/ws.h"
#include "wire/url.h"

typedef struct WsContext WsContext;
typedef struct WsMessage WsMessage;

typedef struct WsUrl {
        bool tls;
        uint16_t port;
        char host[URL_HOST_MAX + 1];        /* lower case, without brackets */
        char authority[URL_HOST_MAX + 9];   /* with the port */
        char host_header[URL_HOST_MAX + 9]; /* without a default port */
        char *path;                         /* with the query; owned */
} WsUrl;

/* A connection of a server that is not settled. */
typedef struct WsGuest {
        struct lws *wsi;
        usec_t since;
        struct WsGuest *prev, *next;
} WsGuest;

typedef struct WsDoor {
        WsGuest *guests;  /* the oldest first */
        unsigned n, most; /* most: with settled ones, when the last one came */
} WsDoor;

/* One library context on the loop, the first member of a server or client. */
struct WsContext {
        uv_loop_t *loop;
        struct lws_context *library;
        struct lws_vhost *vhost; /* borrowed from the library */
        WsOps ops;
        void *userdata;
        WsLimits limits;
        WsCounters counters;
        WsPeer *open;    /* in the order in which their turn to be checked comes */
        WsPeer *closing; /* checked at every tick */
        unsigned peers_n, settled_n;
        unsigned closes;  /* closing handshakes under way */
        WsDoor door;      /* of a server */
        uv_timer_t tick;  /* pings and deadlines, while there are peers or guests */
        uv_idle_t reaper; /* ends the library when the loop has let go of it */
        unsigned handles; /* of the two, not yet closed */
        uint8_t *scratch; /* LWS_PRE bytes, then a message being written at once */
        size_t scratch_n;
        bool freed, ending; /* no callbacks any more; the library is being ended */
        struct lws_protocols protocols[2];
};

struct WsPeer {
        WsContext *context;
        struct lws *wsi;
        WsPeer *prev, *next; /* among open or closing */
        usec_t check_due;
        uint8_t *message; /* the beginning of a message */
        size_t message_n, message_room;
        unsigned fragments; /* of it, whole ones */
        usec_t message_deadline;
        WsMessage *head, *tail; /* the queue */
        size_t queued, stalled; /* bytes in the queue; of a write the kernel has not taken whole */
        bool settled, drain_wanted, closing, close_sent, close_begun, broken, pinged, ping_due;
        unsigned close_code;
        const char *close_reason; /* borrowed */
        usec_t heard, close_deadline;
        struct sockaddr_storage address;
        void *userdata;
};

/* The library's callbacks get c by lws_context_user(). path of ca_file may be NULL. On failure call
 * ws_context_end() all the same. */
int ws_context_start(WsContext *c, lws_callback_function *callback, bool client,
                     const char *ca_file);
/* No callback comes after this; free(c) when the loop has let go of everything. */
void ws_context_end(WsContext *c);
/* Sees to it that the tick runs; it stops by itself when nobody is there. */
void ws_context_tick(WsContext *c);
/* After anything that sets one of the library's timers from outside of its callbacks. */
void ws_context_wake(WsContext *c);

/* Lowers what the limits allow to what there are descriptors for. */
void ws_door_fit(WsLimits *l);
/* There is a place, or the oldest guest had its time. */
bool ws_door_is_open(WsContext *c, usec_t now);
/* The door is open; the oldest guest goes if there is no place. 0, -ENOMEM. */
int ws_door_enter(WsContext *c, struct lws *wsi, usec_t now);
/* Drops guests that had thrice the time of a handshake: whatever they do, it is none. */
void ws_door_sweep(WsContext *c, usec_t now);
/* Settled, or gone; harmless for one that is no guest. */
void ws_door_leave(WsContext *c, struct lws *wsi);

int ws_peer_new(WsPeer **ret, WsContext *c, struct lws *wsi);
/* Off the list, without callbacks. */
WsPeer *ws_peer_free(WsPeer *p);
/* What the library says of an open connection; the return value is for it. Frees p with the close.
 */
int ws_peer_on_event(WsPeer *p, enum lws_callback_reasons reason, void *data, size_t n);
/* Ping, or give up. */
void ws_peer_check(WsPeer *p, usec_t now);

/* -EINVAL: no ws:// or wss:// URL, or with credentials or a fragment. */
int ws_url_parse(WsUrl *u, const char *text);
void ws_url_done(WsUrl *u);
