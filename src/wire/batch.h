/* A batch of ticks, or a gap, as one binary WebSocket message. Big-endian:
 *
 *      0 "dpin" | 4 version 1 | 5 type (1 batch, 2 gap) | 6 flags u16 | 8 incarnation u64
 *      16 sequence u64 | 24 previous hash (32) | 56 created i64 | 64 clock offset i64
 *      72 count u16 | 74 extension length u16 | 76 extension | secret (16, batch only)
 *      signature (64) | the ticks, one after the other (tick.h)
 *
 * Signed: the statement DOMAIN_BATCH or DOMAIN_GAP over (network, validator), body = header (76) |
 * extension | Merkle root (32). Batch hash = SHA-256 of that statement, prefix included. Keys and
 * root are never sent. Leaf i = SHA-256(0x00 | salt i | tick bytes), salt i = first 16 bytes of
 * HMAC-SHA-256(key: secret, "dpin.v1 salt" padded to 16 | u32 i); the root of a gap is the empty
 * tree's. The secret is not signed, and a proof of one tick never shows it (batch-proof.h).
 *
 * Sequences count from 1 per (validator, incarnation); incarnation is random, 1..2^63-1, new at
 * each process start. `previous` is the batch hash of sequence - 1, zeros at sequence 1. A gap
 * tells what a bounded spool had to drop: its sequence is the last one dropped (`to`), previous is
 * the hash of batch `to` (whose next one follows), extension type 128 = from u64 | ticks lost u32,
 * with from <= to; it consumes no sequence and is accepted when from <= last + 1 <= to. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "wire/sign.h"
#include "wire/tick.h"

#define BATCH_FRAME_MAX     (64 * 1024)
#define BATCH_TICKS_MAX     720
#define BATCH_HEADER_SIZE   76
#define BATCH_SECRET_SIZE   16
#define BATCH_SALT_SIZE     16
#define BATCH_VERSION       1
#define BATCH_EXTENSION_GAP 128

/* µs: a clock that is further off says so to its owner, and to the hub's. */
#define BATCH_CLOCK_OFFSET_MAX INT64_C(2000000)

#define BATCH_RESEALED 0x01 /* moved from another incarnation: its ticks may be stored already */
#define BATCH_UNSYNCED 0x02 /* the validator has not heard the hub's time yet: never votes */

typedef enum BatchType {
        BATCH_TICKS = 1,
        BATCH_GAP = 2,
} BatchType;

typedef struct BatchHeader {
        BatchType type;
        uint16_t flags;
        uint64_t incarnation, sequence;
        Hash previous;
        int64_t created;      /* µs of hub time, >= 0 */
        int64_t clock_offset; /* own CLOCK_REALTIME - hub time, µs, may be negative */
        uint16_t count;       /* ticks, 1..BATCH_TICKS_MAX; 0 in a gap */
} BatchHeader;

typedef struct BatchGap {
        uint64_t from;
        uint32_t lost; /* ticks */
} BatchGap;

/* What is to be sealed. All borrowed. */
typedef struct BatchDraft {
        BatchHeader header;
        const Tick *ticks;                 /* header.count of them; NULL in a gap */
        BatchGap gap;                      /* read for a gap only */
        uint8_t secret[BATCH_SECRET_SIZE]; /* random; unused in a gap */
} BatchDraft;

/* Writes and signs the frame. Its length; -EINVAL: a value out of limits. After a gap the stream's
 * position has the gap's `previous`, not the hash of the gap. */
int batch_seal(const BatchDraft *d, const SignKey *key, const PublicKey *network,
               uint8_t ret[static BATCH_FRAME_MAX], Hash *ret_hash);

/* A frame taken apart: one allocation, plain data. */
typedef struct Batch {
        BatchHeader header;
        BatchGap gap;              /* in a gap only, else zeros */
        Extension extension;       /* inside frame */
        const uint8_t *secret;     /* inside frame; NULL in a gap */
        const uint8_t *signature;  /* inside frame */
        Hash root, hash;           /* set by batch_verify() */
        const uint8_t *frame;      /* own copy of all bytes */
        const uint8_t *tick_bytes; /* inside frame: the first tick */
        size_t frame_size;
        Tick ticks[]; /* header.count */
} Batch;

/* Length, then structure, down to each tick; nothing is verified. 0; -EMSGSIZE: empty or longer
 * than BATCH_FRAME_MAX; -EBADMSG: malformed; -EPROTONOSUPPORT: unknown version, type, flag or
 * critical extension; -ENOMEM. */
int batch_parse(const void *frame, size_t n, Batch **ret);
/* Computes root and hash and checks the signature of scope->subject. 0; -EBADMSG: not signed by it.
 */
int batch_verify(Batch *b, const SignScope *scope);
Batch *batch_free(Batch *b);
DEFINE_FREEP(Batch, batch_free);

/* Salt of leaf i, for proofs. */
void batch_salt(const uint8_t secret[static BATCH_SECRET_SIZE], uint32_t i,
                uint8_t ret[static BATCH_SALT_SIZE]);
/* Leaf hashes of a parsed batch, header.count of them. */
void batch_leaves(const Batch *b, Hash ret[static BATCH_TICKS_MAX]);
