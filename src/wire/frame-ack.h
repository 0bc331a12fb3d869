/* Frames after a commit, and the rare ones: ack, notice, bye.
 *
 * An ack carries one receipt (one stream, sequences from..to) and what the validator needs to
 * compute its disposition hash again: for every batch from..to its arrival and the code most of its
 * ticks got, and the exceptions from that. A receipt that answers a gap has no batches. The hub
 * ends a receipt early rather than exceed FRAME_BATCHES_MAX or FRAME_EXCEPTIONS_MAX. */
#pragma once

#include "base/json.h"
#include "wire/frame-hello.h"
#include "wire/order.h"
#include "wire/receipt.h"

#define FRAME_BATCHES_MAX    128
#define FRAME_EXCEPTIONS_MAX 720

typedef struct FrameArrival {
        uint64_t sequence;
        uint64_t arrival; /* µs, hub time */
        int64_t count;    /* ticks in the batch */
        int64_t code;     /* Disposition of every tick that is no exception */
} FrameArrival;

typedef struct FrameException {
        uint64_t sequence;
        int64_t index; /* of the tick in its batch */
        int64_t code;  /* Disposition */
} FrameException;

typedef struct FrameAck {
        char type[FRAME_TYPE_SIZE];
        JsonBytes receipt;    /* receipt.h */
        uint64_t time;        /* µs, hub time at sending: for the validator's clock offset */
        JsonArray batches;    /* FrameArrival, ascending by sequence */
        JsonArray exceptions; /* FrameException, ascending by (sequence, index) */
        FrameWindow window;   /* from now on */
} FrameAck;

typedef struct FrameNotice {
        char type[FRAME_TYPE_SIZE];
        char code[32]; /* code.h says which of the following it brings; others are zero and not sent
                        */
        char reason[FRAME_TEXT_SIZE];
        uint64_t incarnation, sequence, revision;
        OrderId order;
} FrameNotice;

/* Either side, before it closes in good order. Unacked batches are sent again at the next
 * connection. */
typedef struct FrameBye {
        char type[FRAME_TYPE_SIZE];
        char code[32];       /* CODE_SHUTDOWN, CODE_REPLACED, ... */
        int64_t retry_after; /* seconds; 0: as the other side likes */
} FrameBye;

extern const JsonField frame_ack_fields[], frame_notice_fields[], frame_bye_fields[];

/* The disposition hash that batches and exceptions of this ack give. 0; -EBADMSG: not ascending,
 * out of range, or an exception for a batch that is not named. The caller compares it with the
 * receipt's. */
int frame_ack_dispositions(const FrameAck *f, Hash *ret);
