/* Members of ack, notice and bye; see frame-ack.h. */
#include "wire/frame-ack.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "wire/batch.h"

static const JsonField arrival_fields[] = {
        { "sequence", JSON_U64, .offset = offsetof(FrameArrival, sequence) },
        { "arrival", JSON_U64, .offset = offsetof(FrameArrival, arrival) },
        { "count", JSON_NUMBER, .offset = offsetof(FrameArrival, count), .min = 1,
          .max = BATCH_TICKS_MAX },
        { "code", JSON_NUMBER, .offset = offsetof(FrameArrival, code),
          .max = _DISPOSITION_MAX - 1 },
        {},
};

static const JsonField exception_fields[] = {
        { "sequence", JSON_U64, .offset = offsetof(FrameException, sequence) },
        { "index", JSON_NUMBER, .offset = offsetof(FrameException, index),
          .max = BATCH_TICKS_MAX - 1 },
        { "code", JSON_NUMBER, .offset = offsetof(FrameException, code),
          .max = _DISPOSITION_MAX - 1 },
        {},
};

const JsonField frame_ack_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameAck, type), .size = FRAME_TYPE_SIZE },
        { "receipt", JSON_BYTES, .offset = offsetof(FrameAck, receipt), .size = RECEIPT_SIZE_MAX },
        { "time", JSON_U64, .offset = offsetof(FrameAck, time) },
        { "batches", JSON_ARRAY, .offset = offsetof(FrameAck, batches),
          .size = sizeof(FrameArrival), .max = FRAME_BATCHES_MAX, .fields = arrival_fields },
        { "exceptions", JSON_ARRAY, .offset = offsetof(FrameAck, exceptions),
          .size = sizeof(FrameException), .max = FRAME_EXCEPTIONS_MAX, .fields = exception_fields },
        { "window", JSON_OBJECT, .offset = offsetof(FrameAck, window),
          .fields = frame_window_fields },
        {},
};

const JsonField frame_notice_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameNotice, type), .size = FRAME_TYPE_SIZE },
        { "code", JSON_STRING, .offset = offsetof(FrameNotice, code), .size = 32 },
        { "reason", JSON_STRING, .optional = true, .offset = offsetof(FrameNotice, reason),
          .size = FRAME_TEXT_SIZE },
        { "incarnation", JSON_U64, .optional = true, .offset = offsetof(FrameNotice, incarnation) },
        { "sequence", JSON_U64, .optional = true, .offset = offsetof(FrameNotice, sequence) },
        { "revision", JSON_U64, .optional = true, .offset = offsetof(FrameNotice, revision) },
        { "order", JSON_FIXED, .optional = true, .offset = offsetof(FrameNotice, order),
          .size = sizeof(OrderId) },
        {},
};

const JsonField frame_bye_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameBye, type), .size = FRAME_TYPE_SIZE },
        { "code", JSON_STRING, .offset = offsetof(FrameBye, code), .size = 32 },
        { "retryAfter", JSON_NUMBER, .optional = true, .offset = offsetof(FrameBye, retry_after),
          .max = 24 * 3600 },
        {},
};

/* Exceptions not used up yet. */
typedef struct ExceptionCursor {
        const FrameException *at;
        size_t left;
} ExceptionCursor;

/* Codes of one batch: its own, then its exceptions. 0 or -EBADMSG. */
static int codes_of(const FrameArrival *a, ExceptionCursor *c, uint8_t *ret) {
        int64_t last = -1;

        memset(ret, (int)a->code, (size_t)a->count);
        for (; c->left > 0 && c->at->sequence == a->sequence; c->at++, c->left--) {
                if (c->at->index <= last || c->at->index >= a->count)
                        return -EBADMSG;
                last = c->at->index;
                ret[last] = (uint8_t)c->at->code;
        }
        return 0;
}

int frame_ack_dispositions(const FrameAck *f, Hash *ret) {
        _cleanup_(disposition_hash_freep) DispositionHash *hash = NULL;
        const FrameArrival *batches = f->batches.items;
        ExceptionCursor c = { f->exceptions.items, f->exceptions.n };
        uint8_t codes[BATCH_TICKS_MAX];
        int r;

        r = disposition_hash_new(&hash);
        if (r < 0)
                return r;
        for (size_t i = 0; i < f->batches.n; i++) {
                const FrameArrival *a = &batches[i];

                if (i > 0 && a->sequence <= batches[i - 1].sequence)
                        return -EBADMSG;
                if (a->count < 1 || a->count > BATCH_TICKS_MAX || codes_of(a, &c, codes) < 0)
                        return -EBADMSG;
                disposition_hash_add(hash, a->sequence, (int64_t)a->arrival, codes,
                                     (size_t)a->count);
        }
        if (c.left > 0)
                return -EBADMSG;
        disposition_hash_take(hash, ret);
        return 0;
}
