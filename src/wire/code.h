/* The codes of reject, notice and bye frames, of probes' reasons and of WebSocket closes. Names
 * travel, numbers do not (but close codes). A name the reader does not know is CODE_UNKNOWN and
 * treated like the frame without a code. */
#pragma once

#include <stdint.h>

typedef enum Code {
        CODE_UNKNOWN,
        /* reject (the hub then closes) and bye */
        CODE_NOT_READY,  /* no database yet; come back after retryAfter */
        CODE_KEY_IN_USE, /* the key is used by two machines */
        CODE_PENDING,    /* too many validators wait for approval. As notice: connected, but not
                            approved yet */
        CODE_SUSPENDED,
        CODE_TOO_MANY_STREAMS, /* as notice {incarnation, sequence}: the stream is not opened, as
                                  the key has too many */
        CODE_TOO_MANY_CONNECTIONS, /* of the network or the hub, or this key joins too often */
        CODE_BAD_SIGNATURE,
        CODE_BAD_CHALLENGE, /* the join does not answer this connection's nonce */
        CODE_BAD_AUTHORITY, /* the join is signed for another hub's address */
        CODE_WRONG_NETWORK,
        CODE_PROTOCOL, /* malformed or out of state */
        CODE_VERSION,  /* no common protocol version */
        CODE_REPLACED, /* a newer connection of this key took over */
        CODE_SHUTDOWN,
        CODE_INTERNAL,
        /* notice from the hub */
        CODE_FORK, /* {incarnation, sequence}: other hash or previous than the one kept: open a new
                      incarnation */
        CODE_SEQUENCE,  /* {incarnation, sequence}: sequence is the one expected next */
        CODE_APPROVED,  /* was pending, orders follow */
        CODE_TOO_FAST,  /* more in flight than the window allows */
        CODE_BAD_BATCH, /* a binary frame was malformed or badly signed */
        /* notice from the validator */
        CODE_ORDERS,      /* {revision}: the difference does not apply to it; send reset. Answered
                             at once, and when it is asked often, once in about 10 s */
        CODE_BAD_RECEIPT, /* {incarnation, sequence}: a receipt does not verify or has another hash
                           */
        CODE_REFUSED, /* {order}: not run, by the owner's policy or for lack of capability; reason
                         says why */
        _CODE_MAX,
} Code;

/* WebSocket close codes; 1000..1011 have the meaning of RFC 6455. */
typedef enum CloseCode {
        CLOSE_NORMAL = 1000,
        CLOSE_GOING_AWAY = 1001,
        CLOSE_TOO_LARGE = 1009,
        CLOSE_INTERNAL = 1011,
        CLOSE_PROTOCOL = 4000, /* malformed, unknown or out of state */
        CLOSE_REJECTED = 4001, /* after a reject frame */
        CLOSE_REPLACED = 4002,
        CLOSE_TIMEOUT = 4003, /* handshake or silence */
        CLOSE_SLOW = 4004,    /* the peer does not read */
        CLOSE_BAD_SIGNATURE = 4005,
} CloseCode;

/* "not_ready" ...; NULL for CODE_UNKNOWN and beyond. */
const char *code_name(Code c);
Code code_from_name(const char *name);
/* "protocol" ...; "unknown". */
const char *close_code_name(unsigned code);
