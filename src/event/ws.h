/* WebSocket (RFC 6455) by libwebsockets on the loop: a server on inherited sockets, and a client
 * with ws:// and wss://. Messages are whole: fragments are joined up to the limit. Compression is
 * not offered. Subprotocol "dpin.v1" is required on both sides. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"

#define WS_PROTOCOL "dpin.v1"

typedef struct WsServer WsServer;
typedef struct WsClient WsClient;
typedef struct WsPeer WsPeer; /* open, on either side; valid until its closed() returns */

typedef enum WsKind {
        WS_TEXT,
        WS_BINARY,
} WsKind;

typedef struct WsOps {
        /* The peer is open: attach state with ws_peer_set_userdata(). Negative refuses (closed() is
         * not called then). */
        int (*opened)(WsPeer *p, void *userdata);
        /* A whole message. The bytes are the library's: valid during the call. The peer may be
         * closed inside (ws_peer_close()). */
        void (*received)(WsPeer *p, WsKind kind, const uint8_t *data, size_t n, void *userdata);
        /* Everything queued has been handed to the kernel again, after ws_peer_send() had said 1.
         * May be NULL. */
        void (*drained)(WsPeer *p, void *userdata);
        /* The peer is gone; code is the received or local close code, 1006 when there was none. Not
         * followed by anything. */
        void (*closed)(WsPeer *p, unsigned code, void *userdata);
} WsOps;

typedef struct WsLimits {
        size_t message_max;      /* longer: closed with 1009; default 64 KiB */
        unsigned fragments_max;  /* of one message, more: closed with 1008; default 256 */
        usec_t message_time_max; /* first byte to last, more: closed with 1008; default 30 s */
        size_t queue_max;        /* bytes queued to one peer; more: -ENOBUFS; default 1 MiB */
        unsigned peers_max;      /* server, settled: more are refused with 503; default 10,000 */
        unsigned handshakes_max; /* server, not settled: more wait, and the oldest is dropped when
                                    it was silent for 1 s; default 4,096 */
        usec_t handshake_max;    /* HTTP upgrade must be complete by then; default 10 s */
        usec_t ping_interval;    /* silent so long: pinged, twice that: dropped; default 20 s */
} WsLimits;

typedef struct WsCounters {
        uint64_t opened, closed, refused_full, refused_origin, refused_protocol, refused_address,
                        too_long, too_slow, too_fragmented, send_refused,
                        dropped; /* handshakes, for want of places */
} WsCounters;

typedef struct WsServerOptions {
        const char *path; /* "/ws"; every other one is answered with 404 */
        WsLimits limits;  /* zeros: defaults; lowered to the descriptors this process may have */
} WsServerOptions;

/* A request with an Origin header is refused with 403, one without our subprotocol with 400.
 * Compressed frames are protocol errors; whether one was masked the library does not tell. */
int ws_server_new(WsServer **ret, uv_loop_t *loop, const WsServerOptions *options, const WsOps *ops,
                  void *userdata);
/* fd is a listening socket; ownership goes to the server, also on failure. */
int ws_server_listen(WsServer *s, int fd);
/* Comma-separated addresses whose X-Forwarded-For (its last entry) names the peer, or NULL. A
 * request of theirs whose header names no address is refused with 400. */
int ws_server_set_trusted_proxies(WsServer *s, const char *addresses);
void ws_server_stop_accepting(WsServer *s);   /* open peers stay */
unsigned ws_server_guests(const WsServer *s); /* accepted and not settled yet */
const WsCounters *ws_server_counters(const WsServer *s);
/* Settled or not, with or without an upgrade: how many there are, and the most there were since
 * this was last asked. */
unsigned ws_server_connections(WsServer *s, unsigned *ret_most);
/* Peers are closed without callbacks. The loop must run until its handles are (daemon_run()). */
WsServer *ws_server_free(WsServer *s);
DEFINE_FREEP(WsServer, ws_server_free);

typedef struct WsClientOptions {
        const char *url;     /* ws://HOST[:PORT]/PATH or wss://...; wss verifies chain and name */
        const char *ca_file; /* PEM of further trusted authorities, or NULL for the system's only */
        WsLimits limits;     /* zeros: defaults */
        /* A connection attempt that did not open; reason is plain text ("connection refused",
         * "certificate: unknown authority"). */
        void (*failed)(const char *reason, void *userdata);
} WsClientOptions;

/* Parses the URL (-EINVAL; an IPv6 literal only with ws://); connects only when told. A process has
 * one client at a time: the library keeps OpenSSL's indices in globals. A second may come when the
 * loop has closed the first one's handles. */
int ws_client_new(WsClient **ret, uv_loop_t *loop, const WsClientOptions *options, const WsOps *ops,
                  void *userdata);
/* One attempt, at most one at a time (-EALREADY), limited by handshake_max; answered by opened() or
 * failed(). */
int ws_client_connect(WsClient *c);
/* "HOST:PORT" as dialled, lower case, port always present. */
const char *ws_client_authority(const WsClient *c);
WsClient *ws_client_free(WsClient *c);
DEFINE_FREEP(WsClient, ws_client_free);

/* Queues a copy. 0: on its way; 1: queued behind others, drained() will come; -ENOBUFS: queue_max
 * reached; -ENOTCONN: closing. */
int ws_peer_send(WsPeer *p, WsKind kind, const void *data, size_t n);
/* Starts the closing handshake after the queue is sent (at most 1 s); closed() comes later, never
 * inside. reason is borrowed until then: a literal. */
void ws_peer_close(WsPeer *p, unsigned code, const char *reason);
/* Server: it has shown who it is, and is not dropped for want of places. 0; -EBUSY: peers_max. */
int ws_peer_settle(WsPeer *p);
void ws_peer_set_userdata(WsPeer *p, void *userdata);
void *ws_peer_get_userdata(const WsPeer *p);
/* The remote address, by the trusted proxy's word where there is one. */
const struct sockaddr_storage *ws_peer_address(const WsPeer *p);
/* Asks whether it is still there, unless that was asked already: how long it has been silent. */
usec_t ws_peer_ping(WsPeer *p);
size_t ws_peer_queued(const WsPeer *p);
