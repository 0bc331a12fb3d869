/* What is owed to validators after a commit: batches wait here until theirs is durable, then become
 * signed receipts. */
#pragma once

#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"
#include "hub/registry.h"
#include "wire/frame.h"

typedef struct Acks Acks;

/* One batch or gap that was taken in, or found again. */
typedef struct AckBatch {
        uint32_t validator;
        uint64_t incarnation;
        uint64_t from, to; /* equal, but for a gap */
        Hash hash;         /* of batch `to` */
        uint64_t commit_no;
        usec_t arrival;
        const uint8_t *codes; /* Disposition of each tick; copied */
        uint16_t n_codes;     /* 0: a gap */
} AckBatch;

typedef struct AckOptions {
        const SignKey *key; /* borrowed, as all here */
        const PublicKey *network;
        Registry *registry;
        FrameWindow window;
        /* frame is borrowed for the call; the validator is connected. */
        void (*send)(Validator *v, const Frame *frame, void *userdata);
        void *userdata;
} AckOptions;

int acks_new(Acks **ret, const AckOptions *options);
Acks *acks_free(Acks *a);
DEFINE_FREEP(Acks, acks_free);

/* Waits for its commit. 0, -ENOMEM. */
int acks_add(Acks *a, const AckBatch *batch);
/* Everything up to this number is durable: streams are told, receipts signed and sent. */
void acks_committed(Acks *a, uint64_t commit_no, usec_t time);
/* One that was committed long ago, sent again. */
int acks_repeat(Acks *a, const AckBatch *batch, usec_t now);
/* A receipt that says where a stream stands, for welcome; bytes written to ret. */
int acks_position(const Acks *a, const Validator *v, const Stream *stream, usec_t now,
                  uint8_t ret[static RECEIPT_SIZE_MAX]);
