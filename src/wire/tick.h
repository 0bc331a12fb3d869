/* A tick: the result of one check. Bytes, big-endian, without padding; its length follows from the
 * family:
 *
 *      0 order id (16) | 16 kind << 4 | family | 17 outcome | 18 error class | 19 flags
 *      20 number u32 | 24 start i64 | 32 status u16 | 34 certificate expiry u16
 *      36 phases 5 x u32 (dns, connect, tls, wait, transfer) | 56 body length u32
 *      60 body hash (8) | 68 address (0, 4 or 16): 68, 72 or 84 bytes in all
 *
 * Identity of a tick = (validator, order, is it a probe, number). Flags, kinds, families and
 * outcomes not named here are refused; an error class not named here is kept (a newer validator may
 * know more), and class 0 goes with up only, any other with down or abstain. A tick's layout
 * changes only with the batch's version. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/order.h"

#define TICK_SIZE_MIN 68
#define TICK_SIZE_MAX 84

typedef enum TickKind {
        TICK_SCHEDULED, /* number is the slot; all others: number is the probe's */
        TICK_CONFIRM,
        TICK_MANUAL,
        TICK_REFRESH,
        _TICK_KIND_MAX,
} TickKind;

typedef enum TickOutcome {
        TICK_UP = 1,
        TICK_DOWN = 2,
        TICK_ABSTAIN = 3,
        _TICK_OUTCOME_MAX,
} TickOutcome;

/* Why a tick is not up. Numbers are for ever. */
typedef enum TickError {
        TICK_ERROR_NONE,
        TICK_ERROR_DNS,         /* the name does not resolve */
        TICK_ERROR_REFUSED,     /* connection refused */
        TICK_ERROR_TIMEOUT_DNS, /* time ran out in this phase */
        TICK_ERROR_TIMEOUT_CONNECT,
        TICK_ERROR_TIMEOUT_TLS,
        TICK_ERROR_TIMEOUT_WAIT,
        TICK_ERROR_TIMEOUT_TRANSFER,
        TICK_ERROR_TLS_EXPIRED,
        TICK_ERROR_TLS_NAME, /* certificate of another name */
        TICK_ERROR_TLS_UNTRUSTED,
        TICK_ERROR_TLS_HANDSHAKE,
        TICK_ERROR_STATUS, /* not in the accepted set */
        TICK_ERROR_ASSERTION,
        TICK_ERROR_TOO_LARGE,
        TICK_ERROR_REDIRECT,     /* too many, or to where it may not go */
        TICK_ERROR_GUARD,        /* refused by the validator owner's policy: abstain, never down */
        TICK_ERROR_OWN_NETWORK,  /* the validator is offline itself: abstain */
        TICK_ERROR_PROTOCOL,     /* the answer is no valid HTTP */
        TICK_ERROR_RESET,        /* connection reset or closed early */
        TICK_ERROR_UNREACHABLE,  /* no route, host or network unreachable */
        TICK_ERROR_INTERNAL,     /* the validator failed: abstain */
        TICK_ERROR_TLS_EXPIRING, /* the certificate ends sooner than it may */
        TICK_ERROR_TLS_VERSION,  /* of TLS none that is new enough */
        TICK_ERROR_TLS_WEAK,     /* key, signature or key exchange can be broken */
        TICK_ERROR_NOT_ALLOWED,  /* this machine may not do this kind of check: abstain */
        _TICK_ERROR_MAX,
} TickError;

#define TICK_REDIRECTED 0x01
#define TICK_TRUNCATED  0x02

typedef struct TickPhases {
        uint32_t dns, connect, tls, wait, transfer; /* µs, summed over redirects */
} TickPhases;

typedef struct Tick {
        OrderId order;
        TickKind kind;
        TickOutcome outcome;
        uint8_t error;  /* TickError */
        uint8_t flags;  /* TICK_REDIRECTED, TICK_TRUNCATED */
        uint8_t family; /* of address: 0 none, 4, 6 */
        uint32_t number;
        int64_t start;        /* µs of hub time, >= 0 */
        uint16_t status;      /* HTTP or DNS code, 0 none */
        uint16_t expiry_days; /* certificate's end, days since 1970, 0 none */
        TickPhases phases;
        uint32_t body_length; /* decoded, saturating */
        uint8_t body_hash[8]; /* first of SHA-256; zeros without body */
        uint8_t address[16];  /* last one connected to, network order; bytes beyond the family's are
                                 zero */
} Tick;

/* Bytes written: 68, 72 or 84; -EINVAL: a value out of its limits. */
int tick_encode(const Tick *t, uint8_t ret[static TICK_SIZE_MAX]);
/* Bytes read from the front of bytes; -EBADMSG: truncated or out of limits. */
int tick_decode(const void *bytes, size_t n, Tick *ret);

/* Sum of the phases, µs: start + total is the tick's end. */
uint64_t tick_phases_total(const TickPhases *phases);
uint64_t tick_total(const Tick *t);
/* "scheduled", "up", "timeout_connect" ...; "unknown" for what has no name. Used in APIs and
 * metrics, never translated. */
const char *tick_kind_name(unsigned kind);
const char *tick_outcome_name(unsigned outcome);
const char *tick_error_name(unsigned error);
/* What an error class means to people, a sentence without its full stop; "" for none. */
const char *tick_error_text(unsigned error);
