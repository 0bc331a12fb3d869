/* dpin.v1: the dialogue between a validator and the hub, over one WebSocket with subprotocol
 * "dpin.v1" at path /ws, without compression. Text messages are the JSON objects of this file, each
 * with a member "type"; binary messages are batches and gaps (batch.h) and come from validators
 * only. No message is longer than 64 KiB.
 *
 *      hub                                   validator
 *      hello  key, nonce, time, limits  -->
 *                                       <--  join  key, nonces, authority, streams (within 10 s)
 *      welcome positions, window        -->  or reject, then close CLOSE_REJECTED
 *      orders reset or difference       -->  when approved, and whenever they change
 *      probe                            -->  any time; answered by a tick of its kind in a batch
 *                                       <--  batch, gap (binary), as `window` allows
 *      ack    receipt after commit      -->  or notice fork | sequence: an answer always comes
 *                                       <--  suspect   any time
 *      notice, bye                     <-->
 *
 * JSON: ids, hashes, keys, nonces, signatures and binary statements are base64url without padding;
 * u64 and times (µs since 1970, hub time) are decimal strings; other numbers are plain and below
 * 2^53. Duplicate or unknown members are refused, escapes of NUL and of half a character too.
 * Members, in the order written (`?`: absent and zero or empty are the same, and either may be
 * sent; [] array of at most that many):
 *
 *      hello    version hubKey networkKey certificate? nonce time maxFrame maxTicks signature
 *      join     validatorKey nonce hubNonce authority software tags[32] capabilities[32]
 *               streams[64]{incarnation receipt?} revision signature
 *      welcome  approved time streams[64]{incarnation receipt?} window{live history} signature
 *      reject   code reason? retryAfter?
 *      orders   base revision reset add[128]{order spec} remove[128]{order} signature
 *      probe    order number reason deadline spare?{order spec signature} signature
 *      suspect  order slot
 *      ack      receipt time batches[128]{sequence arrival count code}
 *               exceptions[720]{sequence index code} window{live history}
 *      notice   code reason? incarnation? sequence? revision? order?
 *      bye      code retryAfter?
 *
 * What each means: frame-hello.h, frame-orders.h, frame-ack.h; codes: code.h. Pure. */
#pragma once

#include "base/macro.h"
#include "wire/code.h"
#include "wire/frame-ack.h"
#include "wire/frame-hello.h"
#include "wire/frame-orders.h"

#define FRAME_SIZE_MAX    (64 * 1024)
#define FRAME_SUBPROTOCOL "dpin.v1"

typedef enum FrameKind {
        FRAME_HELLO,
        FRAME_JOIN,
        FRAME_WELCOME,
        FRAME_REJECT,
        FRAME_ORDERS,
        FRAME_PROBE,
        FRAME_SUSPECT,
        FRAME_ACK,
        FRAME_NOTICE,
        FRAME_BYE,
        _FRAME_MAX,
} FrameKind;

typedef enum FrameFrom {
        FRAME_FROM_HUB = 1,
        FRAME_FROM_VALIDATOR = 2,
} FrameFrom;

/* Big (a few KiB): one per connection or on the stack, not in arrays. */
typedef struct Frame {
        FrameKind kind;
        union {
                char type[FRAME_TYPE_SIZE]; /* first member of each */
                FrameHello hello;
                FrameJoin join;
                FrameWelcome welcome;
                FrameReject reject;
                FrameOrders orders;
                FrameProbe probe;
                FrameSuspect suspect;
                FrameAck ack;
                FrameNotice notice;
                FrameBye bye;
        };
} Frame;

const char *frame_kind_name(unsigned kind);
/* Longest text of this kind, bytes. */
size_t frame_kind_size_max(FrameKind kind);

/* Reads a message of the side `from`. 0; -EMSGSIZE: longer than this kind allows; -EBADMSG: no JSON
 * object or of no known kind; -EPROTO: a kind this side never sends; -EINVAL: a member is wrong,
 * *error (may be NULL) names it. On success the caller ends with frame_done(). */
int frame_decode(const char *text, size_t n, FrameFrom from, Frame *ret, const char **error);
/* Writes the member of the union that f->kind names; arrays and bytes are borrowed, `type` is
 * filled in. *ret (NUL-terminated) is freed by the caller. -EMSGSIZE: longer than this kind allows.
 */
int frame_encode(const Frame *f, char **ret);
/* Frees what frame_decode() allocated. Harmless on a zeroed frame of any kind, and when called
 * again. */
void frame_done(Frame *f);
