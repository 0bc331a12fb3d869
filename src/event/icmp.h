/* Echo requests to one address: an unprivileged ping socket where the kernel's ping_group_range
 * has this process, else a raw one where it has CAP_NET_RAW. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "base/time.h"
#include "event/address.h"

typedef struct IcmpCall IcmpCall;

#define ICMP_COUNT_MAX 10

typedef enum IcmpError {
        ICMP_OK,          /* what was lost is in the result */
        ICMP_NOT_ALLOWED, /* this process may not */
        ICMP_UNREACHABLE, /* there is no way for any of them */
        ICMP_INTERNAL,    /* this machine could not send all of them */
} IcmpError;

typedef struct IcmpRequest {
        const NetAddress *address;
        unsigned count;  /* 1..ICMP_COUNT_MAX */
        usec_t interval; /* between them */
        usec_t timeout;  /* of the whole: what has not come by then is lost */
} IcmpRequest;

typedef struct IcmpResult {
        IcmpError error;
        unsigned sent, received;
        usec_t min, average, max; /* round trips of those that came */
        usec_t jitter;            /* mean difference of one and the next */
} IcmpResult;

/* result is borrowed for the time of the call; the IcmpCall is gone after it. */
typedef void (*IcmpDone)(const IcmpResult *result, void *userdata);

/* Whether a socket can be had, of the family. */
bool icmp_is_allowed(int family);
/* The callback never runs inside. */
int icmp_start(uv_loop_t *loop, const IcmpRequest *request, IcmpDone done, void *userdata,
               IcmpCall **ret);
IcmpCall *icmp_cancel(IcmpCall *c);
DEFINE_FREEP(IcmpCall, icmp_cancel);

/* The parts that read and write bytes, pure; for ICMP of IPv4 and IPv6. */

#define ICMP_NONCE_SIZE 16
#define ICMP_ECHO_SIZE  (8 + ICMP_NONCE_SIZE)

typedef struct IcmpEcho {
        uint16_t sequence;
        uint8_t nonce[ICMP_NONCE_SIZE];
} IcmpEcho;

void icmp_echo_write(const IcmpEcho *echo, int family, uint8_t ret[static ICMP_ECHO_SIZE]);
/* The reply to one of these, as a socket gives it: a raw one of IPv4 has the packet's header before
 * it. false: it is something else. */
bool icmp_reply_read(const void *bytes, size_t n, int family, bool header, IcmpEcho *ret);
