/* The client: resolves without blocking, tries one address after the other, and says in plain words
 * why it did not get through. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event/timer.h"
#include "event/ws-internal.h"

typedef enum ClientState {
        CLIENT_IDLE,
        CLIENT_RESOLVING,
        CLIENT_CONNECTING,
        CLIENT_OPEN,
} ClientState;

/* Outlives the client where the resolver is slow. */
typedef struct Resolution {
        uv_getaddrinfo_t request;
        WsClient *client; /* NULL: nobody waits for it any more */
} Resolution;

struct WsClient {
        WsContext context; /* first: it frees the whole */
        ClientState state;
        WsUrl url;
        Resolution *resolution;
        struct addrinfo *addresses, *next_address;
        struct lws *wsi; /* of the attempt or the open connection */
        bool starting;   /* inside of the library's connect function */
        Timer *timer;    /* deadline of an attempt, or its next step */
        usec_t deadline;
        int certificate_error; /* X509_V_ERR_* */
        bool connected;        /* TCP is */
        bool wrong_protocol;   /* the server did not choose ours */
        char reason[200];
        void (*failed)(const char *reason, void *userdata);
};

static usec_t now_of(const WsClient *c) {
        return uv_now(c->context.loop) * USEC_PER_MSEC;
}

static void drop_addresses(WsClient *c) {
        if (c->addresses)
                uv_freeaddrinfo(c->addresses);
        c->addresses = c->next_address = NULL;
        if (c->resolution)
                c->resolution->client = NULL;
        c->resolution = NULL;
}

/* An attempt that is not wanted any more: what the library still says of it is not heard. */
static void abandon(WsClient *c) {
        struct lws *wsi = TAKE_PTR(c->wsi);

        drop_addresses(c);
        timer_stop(c->timer);
        if (!wsi)
                return;
        lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        ws_context_wake(&c->context);
}

static void fail(WsClient *c) {
        abandon(c);
        c->state = CLIENT_IDLE;
        c->failed(c->reason, c->context.userdata);
}

/* Goes on in a turn of its own, outside of the library's callbacks. */
static void next_step(WsClient *c) {
        timer_after(c->timer, 0);
}

static const char *describe_certificate(int error) {
        switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
                return "expired";
        case X509_V_ERR_CERT_NOT_YET_VALID:
                return "not yet valid";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
                return "issued for another name";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
                return "unknown authority";
        default:
                return X509_verify_cert_error_string(error);
        }
}

/* The library's own words are kept where they help. */
static void describe_failure(WsClient *c, struct lws *wsi, const char *text, size_t n) {
        unsigned status = lws_http_client_http_response(wsi);

        if (c->certificate_error != 0)
                snprintf(c->reason, sizeof(c->reason), "certificate: %s",
                         describe_certificate(c->certificate_error));
        else if (c->wrong_protocol)
                snprintf(c->reason, sizeof(c->reason), "server does not speak " WS_PROTOCOL);
        else if (status != 0 && status != 101)
                snprintf(c->reason, sizeof(c->reason), "refused with HTTP status %u", status);
        else if (!c->connected)
                snprintf(c->reason, sizeof(c->reason), "connection refused or host unreachable");
        else
                snprintf(c->reason, sizeof(c->reason), "%.*s", (int)n, text);
}

static void describe_target(WsClient *c, struct lws_client_connect_info *info) {
        info->context = c->context.library;
        info->vhost = c->context.vhost;
        info->port = c->url.port;
        info->path = c->url.path;
        info->host = c->url.host_header;
        info->protocol = info->local_protocol_name = WS_PROTOCOL;
        info->alpn = "http/1.1";
        info->ietf_version_or_minus_one = -1;
        info->ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (c->url.tls ? LCCSCF_USE_SSL : 0);
}

/* The next address as a number, so that the library has nothing to resolve: it would block. */
static void connect_next(WsClient *c) {
        struct lws_client_connect_info info = { 0 };
        struct addrinfo *a = c->next_address;
        char address[INET6_ADDRSTRLEN + 20];

        c->state = CLIENT_CONNECTING;
        c->certificate_error = 0;
        c->connected = c->wrong_protocol = false;
        c->next_address = a->ai_next;
        if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof(address), NULL, 0,
                        NI_NUMERICHOST) != 0) {
                next_step(c);
                return;
        }

        describe_target(c, &info);
        info.address = address;
        c->reason[0] = '\0';
        c->starting = true;
        c->wsi = lws_client_connect_via_info(&info);
        c->starting = false;
        if (c->wsi)
                return;
        if (!c->reason[0])
                snprintf(c->reason, sizeof(c->reason), "connection refused or host unreachable");
        next_step(c);
}

static void on_timer(void *userdata) {
        WsClient *c = userdata;

        if (now_of(c) >= c->deadline) {
                snprintf(c->reason, sizeof(c->reason), "timed out");
                fail(c);
        } else if (c->wsi) {
                timer_after(c->timer, c->deadline - now_of(c));
        } else if (c->next_address) {
                connect_next(c);
                if (c->wsi)
                        on_timer(c);
        } else {
                fail(c);
        }
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses) {
        Resolution *r = (Resolution *)request;
        WsClient *c = r->client;

        free(r);
        if (!c) {
                uv_freeaddrinfo(addresses);
                return;
        }
        c->resolution = NULL;
        c->addresses = c->next_address = addresses;
        if (status < 0)
                snprintf(c->reason, sizeof(c->reason), "cannot resolve the name: %s",
                         uv_strerror(status));
        next_step(c);
}

int ws_client_connect(WsClient *c) {
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
        Resolution *resolution;
        char port[8];
        int r;

        if (c->state != CLIENT_IDLE)
                return -EALREADY;

        resolution = calloc(1, sizeof(*resolution));
        if (!resolution)
                return -ENOMEM;
        snprintf(port, sizeof(port), "%u", c->url.port);
        r = uv_getaddrinfo(c->context.loop, &resolution->request, on_resolved, c->url.host, port,
                           &hints);
        if (r < 0) {
                free(resolution);
                return r;
        }
        resolution->client = c;
        c->resolution = resolution;
        c->state = CLIENT_RESOLVING;
        c->deadline = now_of(c) + c->context.limits.handshake_max;
        timer_after(c->timer, c->context.limits.handshake_max);
        return 0;
}

static int on_failed(WsClient *c, struct lws *wsi, const char *text, size_t n) {
        if (c->state != CLIENT_CONNECTING || (wsi != c->wsi && !c->starting))
                return 0;

        describe_failure(c, wsi, text ? text : "closed", text ? n : 6);
        if (c->connected)
                c->next_address = NULL; /* it is there, and does not want us */
        c->wsi = NULL;
        if (!c->starting)
                next_step(c);
        return 0;
}

/* The library does not call it an error when a server closes before it answers. */
static int on_destroyed(WsClient *c, struct lws *wsi) {
        if (c->context.freed || c->state != CLIENT_CONNECTING || !c->wsi || wsi != c->wsi)
                return 0;

        snprintf(c->reason, sizeof(c->reason), "closed without an answer");
        c->next_address = NULL;
        c->wsi = NULL;
        next_step(c);
        return 0;
}

static int check_protocol(WsClient *c, struct lws *wsi) {
        char protocol[sizeof(WS_PROTOCOL) + 1] = "";

        if (lws_hdr_copy(wsi, protocol, sizeof(protocol), WSI_TOKEN_PROTOCOL) > 0 &&
            strcmp(protocol, WS_PROTOCOL) == 0)
                return 0;
        c->wrong_protocol = true;
        return -1;
}

static int on_opened(WsClient *c, struct lws *wsi, WsPeer **ret) {
        WsPeer *p;

        if (wsi != c->wsi || c->state != CLIENT_CONNECTING || ws_peer_new(&p, &c->context, wsi) < 0)
                return -1;

        timer_stop(c->timer);
        drop_addresses(c);
        c->state = CLIENT_OPEN;
        *ret = p;
        if (c->context.ops.opened(p, c->context.userdata) < 0) {
                *ret = ws_peer_free(p);
                c->wsi = NULL;
                c->state = CLIENT_IDLE;
                return -1;
        }
        c->context.counters.opened++;
        return 0;
}

/* The callback may connect again. */
static int on_closed(WsClient *c, WsPeer *p) {
        c->wsi = NULL;
        c->state = CLIENT_IDLE;
        return ws_peer_on_event(p, LWS_CALLBACK_CLIENT_CLOSED, NULL, 0);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                    size_t n) {
        WsClient *c = lws_context_user(lws_get_context(wsi));
        WsPeer **peer = user;

        switch (reason) {
        case LWS_CALLBACK_WSI_CREATE:
                c->connected = true;
                return 0;
        case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
                if (n == 0) /* the verdict so far: not good */
                        c->certificate_error = X509_STORE_CTX_get_error(user);
                return 0;
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
                return c->context.freed ? 0 : on_failed(c, wsi, data, n);
        case LWS_CALLBACK_WSI_DESTROY:
                return on_destroyed(c, wsi);
        case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
                return check_protocol(c, wsi);
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
                return c->context.freed ? -1 : on_opened(c, wsi, peer);
        case LWS_CALLBACK_CLIENT_CLOSED:
                return peer && *peer ? on_closed(c, *peer) : 0;
        default:
                return peer && *peer ? ws_peer_on_event(*peer, reason, data, n) : 0;
        }
}

static int start(WsClient *c, const WsClientOptions *options) {
        int r;

        r = ws_url_parse(&c->url, options->url);
        if (r < 0)
                return r;
        if (options->ca_file && access(options->ca_file, R_OK) < 0)
                return -errno;

        return ws_context_start(&c->context, on_event, true, options->ca_file);
}

int ws_client_new(WsClient **ret, uv_loop_t *loop, const WsClientOptions *options, const WsOps *ops,
                  void *userdata) {
        WsClient *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        r = timer_new(&c->timer, loop, on_timer, c);
        if (r < 0) {
                free(c);
                return r;
        }

        c->context.loop = loop;
        c->context.ops = *ops;
        c->context.userdata = userdata;
        c->context.limits = options->limits;
        c->failed = options->failed;
        r = start(c, options);
        if (r < 0) {
                ws_client_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

const char *ws_client_authority(const WsClient *c) {
        return c->url.authority;
}

WsClient *ws_client_free(WsClient *c) {
        if (!c)
                return NULL;

        drop_addresses(c);
        timer_free(c->timer);
        ws_url_done(&c->url);
        if (c->context.handles > 0)
                ws_context_end(&c->context);
        else
                free(c);
        return NULL;
}
