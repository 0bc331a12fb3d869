/* Proofs of single ticks; see batch-proof.h. */
#include "wire/batch-proof.h"

#include <errno.h>
#include <string.h>

#include "wire/bytes.h"

#define TYPE_AT  5 /* in the header, batch.h */
#define COUNT_AT 72

/* Where encoded tick `index` starts, and its size. */
static const uint8_t *tick_at(const Batch *b, uint16_t index, size_t *ret_size) {
        const uint8_t *at = b->tick_bytes, *end = b->frame + b->frame_size;
        Tick tick;
        int n = 0;

        for (unsigned i = 0; i <= index; i++) {
                at += n;
                n = tick_decode(at, (size_t)(end - at), &tick);
                if (n < 0)
                        return NULL;
        }
        *ret_size = (size_t)n;
        return at;
}

int batch_prove(const Batch *b, uint16_t index, BatchProof *ret) {
        Hash leaves[BATCH_TICKS_MAX];
        const uint8_t *tick;
        BatchProof p = { .index = index };
        int r;

        if (b->header.type != BATCH_TICKS || index >= b->header.count)
                return -EINVAL;
        p.header_size = BATCH_HEADER_SIZE + b->extension.n;
        memcpy(p.header, b->frame, p.header_size);
        memcpy(p.signature.bytes, b->signature, SIGN_SIGNATURE_SIZE);
        batch_salt(b->secret, index, p.salt);
        tick = tick_at(b, index, &p.tick_size);
        if (!tick)
                return -EINVAL;
        memcpy(p.tick, tick, p.tick_size);
        batch_leaves(b, leaves);
        r = merkle_path(leaves, b->header.count, index, p.path);
        if (r < 0)
                return r;
        p.path_n = (size_t)r;
        *ret = p;
        return 0;
}

/* The root that leaf and path lead to is not known beforehand: it is the one that was signed. So it
 * is computed from the path and then verified by the signature; merkle_climb() refuses a path of
 * the wrong length. */
int batch_proof_verify(const BatchProof *p, const SignScope *scope, Tick *ret) {
        uint8_t body[sizeof(p->header) + SIGN_HASH_SIZE];
        Statement s = { .domain = DOMAIN_BATCH, .scope = scope, .body = body };
        ByteReader r = byte_reader(p->header, p->header_size);
        MerkleProof proof = { .index = p->index, .path = p->path, .path_n = p->path_n };
        Hash leaf, root;
        Tick tick;

        if (p->header_size < BATCH_HEADER_SIZE || p->header_size > sizeof(p->header))
                return -EBADMSG;
        read_slice(&r, COUNT_AT);
        proof.n = read_u16(&r);
        if (p->header[TYPE_AT] != BATCH_TICKS ||
            tick_decode(p->tick, p->tick_size, &tick) != (int)p->tick_size)
                return -EBADMSG;
        merkle_leaf(p->salt, sizeof(p->salt), p->tick, p->tick_size, &leaf);
        if (merkle_climb(&leaf, &proof, &root) < 0)
                return -EBADMSG;
        memcpy(body, p->header, p->header_size);
        memcpy(body + p->header_size, root.bytes, SIGN_HASH_SIZE);
        s.n = p->header_size + SIGN_HASH_SIZE;
        if (sign_verify(&scope->subject, &s, &p->signature) < 0)
                return -EBADMSG;
        *ret = tick;
        return 0;
}
