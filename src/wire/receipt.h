/* A receipt: the hub's signed word that it committed a run of one stream, and what became of each
 * tick. Only a receipt trims a spool, and only if its hash is the validator's own hash of batch
 * `to`. Bytes, big-endian:
 *
 *      0 version 1 | 1 type 1 | 2 extension length u16 | 4 incarnation u64 | 12 from u64
 *      20 to u64 | 28 hash of batch `to` (32) | 60 commit number u64 | 68 commit time i64
 *      76 counts 6 x u32 (accepted, late, unassigned, duplicate, future, expired)
 *      100 disposition hash (32) | 132 extension | signature (64)
 *
 * Signed: the statement DOMAIN_RECEIPT over (network, validator), body = everything before the
 * signature. Disposition hash = SHA-256 over, per batch in ascending order, sequence u64 | arrival
 * i64 | one code byte per tick. A gap contributes nothing: it is receipted with from and to of the
 * gap, hash = the gap's `previous`, zero counts and SHA-256(""). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "wire/extension.h"
#include "wire/sign.h"

#define RECEIPT_VERSION    1
#define RECEIPT_FIXED_SIZE 196 /* signature included */
#define RECEIPT_SIZE_MAX   (RECEIPT_FIXED_SIZE + EXTENSION_MAX)

typedef enum Disposition {
        DISPOSITION_ACCEPTED,
        DISPOSITION_LATE,       /* stored as history, does not vote */
        DISPOSITION_UNASSIGNED, /* no such order for this validator at that time */
        DISPOSITION_DUPLICATE,  /* its identity is stored already */
        DISPOSITION_FUTURE,     /* started more than 2 s ahead of hub time */
        DISPOSITION_EXPIRED,    /* started more than 24 h ago; counted, not stored */
        _DISPOSITION_MAX,
} Disposition;

typedef struct Receipt {
        uint64_t incarnation;
        uint64_t from, to; /* sequences, from >= 1, from <= to */
        Hash hash;         /* of batch `to` */
        uint64_t commit_no;
        int64_t commit_time; /* µs of hub time */
        uint32_t counts[_DISPOSITION_MAX];
        Hash dispositions;
        Extension extension; /* borrowed */
} Receipt;

/* Signs and writes. Bytes written; -EINVAL: a value out of its limits. scope is (network,
 * validator). */
int receipt_seal(const Receipt *r, const SignKey *key, const SignScope *scope,
                 uint8_t ret[static RECEIPT_SIZE_MAX]);
/* 0; -EBADMSG: malformed; -EPROTONOSUPPORT: unknown version, type or critical extension. Nothing is
 * verified. */
int receipt_parse(const void *bytes, size_t n, Receipt *ret);
/* 0; -EBADMSG: too short, or not signed by this hub key for this scope. */
int receipt_verify(const void *bytes, size_t n, const PublicKey *hub, const SignScope *scope);

/* Running disposition hash over the batches of one receipt. */
typedef struct DispositionHash DispositionHash;
int disposition_hash_new(DispositionHash **ret);
DispositionHash *disposition_hash_free(DispositionHash *d);
DEFINE_FREEP(DispositionHash, disposition_hash_free);
/* codes: one Disposition per tick of the batch. */
void disposition_hash_add(DispositionHash *d, uint64_t sequence, int64_t arrival,
                          const uint8_t *codes, size_t n);
/* The hash; afterwards d is as new. */
void disposition_hash_take(DispositionHash *d, Hash *ret);

/* "accepted", "late" ...; "unknown" beyond. */
const char *disposition_name(unsigned code);
