/* Any bytes as a batch or gap: what is parsed is within its limits, is written again to the same
 * bytes, and signed anew it is verified and each of its ticks proven, to its validator only. */
#include "property.h"
#include "wire/batch-proof.h"

typedef struct Signer {
        SignKey *key;
        SignScope scope, foreign;
} Signer;

static Signer signer_new(void) {
        const uint8_t seed[SIGN_SEED_SIZE] = { 1 };
        Signer s = { .scope.network = { { 2 } } };

        PROPERTY(sign_key_from_seed(seed, &s.key) == 0);
        s.scope.subject = *sign_key_public(s.key);
        s.foreign = (SignScope){ .network = { { 3 } }, .subject = s.scope.subject };
        return s;
}

static void check_limits(const Batch *b) {
        const BatchHeader *h = &b->header;
        bool gap = h->type == BATCH_GAP;

        PROPERTY(h->type == BATCH_TICKS || gap);
        PROPERTY(h->incarnation >= 1 && h->incarnation <= INT64_MAX);
        PROPERTY(h->sequence >= 1 && h->sequence <= INT64_MAX && h->created >= 0);
        PROPERTY(gap ? h->count == 0 : h->count >= 1 && h->count <= BATCH_TICKS_MAX);
        PROPERTY(!gap || (b->gap.from >= 1 && b->gap.from <= h->sequence));
        PROPERTY(gap == !b->secret);
}

static void check_ticks(const Batch *b) {
        const uint8_t *at = b->tick_bytes;
        uint8_t again[TICK_SIZE_MAX];

        for (size_t i = 0; i < b->header.count; i++) {
                int n = tick_encode(&b->ticks[i], again);

                PROPERTY(n > 0 && memcmp(again, at, (size_t)n) == 0);
                at += n;
        }
        PROPERTY(at == b->frame + b->frame_size);
}

/* All but the signature is what it was; an extension of a later version is not written. */
static bool same_but_signature(const Batch *a, const Batch *b) {
        size_t head = (size_t)(a->signature - a->frame), tail = head + SIGN_SIGNATURE_SIZE;

        return a->frame_size == b->frame_size && memcmp(a->frame, b->frame, head) == 0 &&
               memcmp(a->frame + tail, b->frame + tail, a->frame_size - tail) == 0;
}

/* By their bytes: in memory there are gaps between the fields. */
static bool same_tick(const Tick *a, const Tick *b) {
        uint8_t one[TICK_SIZE_MAX], other[TICK_SIZE_MAX];
        int n = tick_encode(a, one);

        return n > 0 && tick_encode(b, other) == n && memcmp(one, other, (size_t)n) == 0;
}

static void check_proof(const Batch *b, uint16_t index, const Signer *s) {
        BatchProof proof;
        Tick tick;

        PROPERTY(batch_prove(b, index, &proof) == 0);
        PROPERTY(batch_proof_verify(&proof, &s->scope, &tick) == 0);
        PROPERTY(same_tick(&tick, &b->ticks[index]));
        PROPERTY(batch_proof_verify(&proof, &s->foreign, &tick) < 0);
        proof.tick[index % proof.tick_size] ^= 1;
        PROPERTY(batch_proof_verify(&proof, &s->scope, &tick) < 0);
}

static void check_signed(const Batch *b, const Signer *s, size_t extension) {
        BatchDraft d = { .header = b->header, .ticks = b->ticks, .gap = b->gap };
        _cleanup_(batch_freep) Batch *sealed = NULL;
        uint8_t frame[BATCH_FRAME_MAX];
        BatchProof proof;
        Hash hash;
        int n;

        if (b->secret)
                memcpy(d.secret, b->secret, sizeof(d.secret));
        n = batch_seal(&d, s->key, &s->scope.network, frame, &hash);
        PROPERTY(n > 0 && batch_parse(frame, (size_t)n, &sealed) == 0);
        PROPERTY(b->extension.n != extension || same_but_signature(b, sealed));
        PROPERTY(batch_verify(sealed, &s->foreign) < 0);
        PROPERTY(batch_verify(sealed, &s->scope) == 0 && hash_equal(&sealed->hash, &hash));
        PROPERTY(batch_prove(sealed, sealed->header.count, &proof) < 0);
        if (sealed->header.count == 0)
                return;
        check_proof(sealed, 0, s);
        check_proof(sealed, (uint16_t)(hash.bytes[0] % sealed->header.count), s);
        check_proof(sealed, (uint16_t)(sealed->header.count - 1), s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(batch_freep) Batch *b = NULL;
        Signer s;

        if (batch_parse(data, size, &b) < 0)
                return 0;
        PROPERTY(size <= BATCH_FRAME_MAX && b->frame_size == size);
        PROPERTY(memcmp(b->frame, data, size) == 0);
        check_limits(b);
        check_ticks(b);
        s = signer_new();
        PROPERTY(batch_verify(b, &s.foreign) < 0);
        check_signed(b, &s, b->header.type == BATCH_GAP ? 15 : 0);
        sign_key_free(s.key);
        return 0;
}
