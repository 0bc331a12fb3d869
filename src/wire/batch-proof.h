/* The proof that one tick is in a signed batch, without the other ticks, their salts or the batch's
 * secret: header and extension, signature, index, count (in the header), salt, tick bytes and
 * Merkle path. Pure. */
#pragma once

#include "wire/batch.h"
#include "wire/merkle.h"

typedef struct BatchProof {
        uint8_t header[BATCH_HEADER_SIZE + EXTENSION_MAX]; /* as in the frame */
        size_t header_size;
        Signature signature;
        uint16_t index;
        uint8_t salt[BATCH_SALT_SIZE];
        uint8_t tick[TICK_SIZE_MAX];
        size_t tick_size;
        Hash path[MERKLE_PATH_MAX];
        size_t path_n;
} BatchProof;

/* 0; -EINVAL: a gap, or no such tick. */
int batch_prove(const Batch *b, uint16_t index, BatchProof *ret);
/* 0: scope->subject signed a batch with this tick, which is decoded into *ret. -EBADMSG: it is not
 * shown. */
int batch_proof_verify(const BatchProof *p, const SignScope *scope, Tick *ret);
