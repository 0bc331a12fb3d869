/* Batches, gaps, receipts and Merkle trees in vectors.json; see wire-vectors.h. */
#pragma once

#include "wire-vectors.h"

static inline void vector_path(JsonWriter *w, const Hash *path, size_t n) {
        json_writer_open_array(w, "path");
        for (size_t i = 0; i < n; i++)
                vector_hex(w, NULL, path[i].bytes, SIGN_HASH_SIZE);
        json_writer_close(w);
}

/* The middle tick's proof. */
static inline void vector_proof(JsonWriter *w, const Batch *b) {
        BatchProof p;

        assert_int_equal(batch_prove(b, b->header.count / 2, &p), 0);
        json_writer_open_object(w, "proof");
        json_writer_number(w, "index", p.index);
        vector_hex(w, "salt", p.salt, sizeof(p.salt));
        vector_hex(w, "tick", p.tick, p.tick_size);
        vector_path(w, p.path, p.path_n);
        json_writer_close(w);
}

static inline void vector_sealed(JsonWriter *w, const BatchDraft *d) {
        static uint8_t frame[BATCH_FRAME_MAX];
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        _cleanup_(batch_freep) Batch *b = NULL;
        SignScope scope = fixture_scope();
        Hash hash;
        int n;

        n = batch_seal(d, k, &scope.network, frame, &hash);
        assert_true(n > 0);
        assert_int_equal(batch_parse(frame, (size_t)n, &b), 0);
        assert_int_equal(batch_verify(b, &scope), 0);
        json_writer_open_object(w, NULL);
        json_writer_number(w, "batchType", d->header.type);
        json_writer_number(w, "flags", d->header.flags);
        vector_i64(w, "incarnation", (int64_t)d->header.incarnation);
        vector_i64(w, "sequence", (int64_t)d->header.sequence);
        vector_hex(w, "previous", d->header.previous.bytes, SIGN_HASH_SIZE);
        vector_i64(w, "created", d->header.created);
        vector_i64(w, "clockOffset", d->header.clock_offset);
        json_writer_number(w, "count", d->header.count);
        vector_hex(w, "secret", d->secret, d->header.count > 0 ? BATCH_SECRET_SIZE : 0);
        vector_i64(w, "gapFrom", (int64_t)d->gap.from);
        json_writer_number(w, "gapLost", d->gap.lost);
        vector_hex(w, "root", b->root.bytes, SIGN_HASH_SIZE);
        vector_hex(w, "hash", hash.bytes, SIGN_HASH_SIZE);
        vector_hex(w, "signature", b->signature, SIGN_SIGNATURE_SIZE);
        if (b->header.count > 0)
                vector_proof(w, b);
        vector_hex(w, "frame", frame, (size_t)n);
        json_writer_close(w);
}

/* 1, 3 and 720 ticks, all of them fixture_tick(i) as in "ticks", and a gap. */
static inline void vector_batches(JsonWriter *w) {
        static const uint16_t counts[] = { 1, 3, BATCH_TICKS_MAX };
        static Tick ticks[BATCH_TICKS_MAX];
        BatchDraft d;

        for (uint32_t i = 0; i < BATCH_TICKS_MAX; i++)
                ticks[i] = fixture_tick(i);
        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                d = fixture_draft(ticks, counts[i]);
                d.header.flags = (uint16_t)i;
                vector_sealed(w, &d);
        }
        d = fixture_draft(NULL, 0);
        d.header.type = BATCH_GAP;
        d.header.sequence = 9;
        memset(d.header.previous.bytes, 0xbb, SIGN_HASH_SIZE);
        d.gap = (BatchGap){ .from = 5, .lost = 300 };
        vector_sealed(w, &d);
}

/* Trees whose leaf i is SHA-256(0x00 | byte i), with the path of leaf n / 2. */
static inline void vector_merkle(JsonWriter *w) {
        static const size_t sizes[] = { 0, 1, 2, 3, 5, 7, 8, 64, 100 };
        Hash leaves[100], path[MERKLE_PATH_MAX], root;

        for (uint8_t i = 0; i < ELEMENTSOF(leaves); i++)
                merkle_leaf(&i, 1, NULL, 0, &leaves[i]);
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                size_t n = sizes[i];
                int depth = n > 0 ? merkle_path(leaves, n, n / 2, path) : 0;

                assert_true(depth >= 0);
                merkle_root(leaves, n, &root);
                json_writer_open_object(w, NULL);
                json_writer_number(w, "n", (int64_t)n);
                json_writer_number(w, "index", (int64_t)(n / 2));
                vector_hex(w, "root", root.bytes, SIGN_HASH_SIZE);
                vector_path(w, path, (size_t)depth);
                json_writer_close(w);
        }
}
