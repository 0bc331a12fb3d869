/* One TCP connection: to the first address of a host that may be connected to and answers. Bytes
 * may be sent and bytes expected; then it is closed. Every phase is timed. */
#pragma once

#include "event/resolver.h"

typedef struct TcpCall TcpCall;

#define TCP_READ_MAX (64u * 1024) /* bytes in which the expected ones have to be */

typedef enum TcpError {
        TCP_OK,
        TCP_BLOCKED, /* the guard refused every address */
        TCP_DNS,
        TCP_REFUSED,
        TCP_UNREACHABLE,
        TCP_RESET,      /* closed or reset before anything was expected came */
        TCP_UNEXPECTED, /* what came, and is over, has not what was expected */
        TCP_TIMEOUT_DNS,
        TCP_TIMEOUT_CONNECT,
        TCP_TIMEOUT_WAIT,
        TCP_INTERNAL,
        _TCP_ERROR_MAX,
} TcpError;

typedef struct TcpRequest {
        uv_loop_t *loop;
        Resolver *resolver; /* borrowed until the end */
        const char *host;
        uint16_t port;
        int family;                /* AF_UNSPEC, AF_INET, AF_INET6 */
        usec_t timeout;            /* of the whole; several addresses share it */
        const char *send, *expect; /* copied; NULL: nothing */
        NetGuard guard;            /* of each address, NULL: everything is allowed */
        void *guard_userdata;
} TcpRequest;

typedef struct TcpResult {
        TcpError error;
        usec_t dns, connect, wait; /* of failed ones as far as they came */
        NetAddress address;        /* last one tried; AF_UNSPEC: none */
} TcpResult;

/* result is borrowed for the time of the call; the TcpCall is gone after it. */
typedef void (*TcpDone)(const TcpResult *result, void *userdata);

/* The callback never runs inside. -EINVAL: the host is no name; -ENOBUFS: too many names are asked
 * for. */
int tcp_start(const TcpRequest *request, TcpDone done, void *userdata, TcpCall **ret);
TcpCall *tcp_cancel(TcpCall *c);
DEFINE_FREEP(TcpCall, tcp_cancel);
