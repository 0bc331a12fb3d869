/* A spool in a folder of its own, and chains of signed batches to put into it. */
#pragma once

#include "folder-fixture.h"
#include "validator/spool.h"
#include "wire-fixture.h"

#define SPOOL_LARGE (UINT64_C(1) << 30)

typedef struct SpoolFixture {
        Folder folder;
        char path[128];
        Spool *spool;
        SignKey *key, *hub;
        SignScope scope;
} SpoolFixture;

/* The stream a test goes on with. */
typedef struct Chain {
        uint64_t incarnation, sequence;
        Hash hash;
} Chain;

static inline void spool_fixture_open(SpoolFixture *f, uint64_t max_bytes) {
        assert_int_equal(spool_new(&f->spool, f->path, max_bytes), 0);
}

static inline void spool_fixture_reopen(SpoolFixture *f, uint64_t max_bytes) {
        f->spool = spool_free(f->spool);
        spool_fixture_open(f, max_bytes);
}

static inline int spool_fixture_setup(void **state) {
        SpoolFixture *f = calloc(1, sizeof(*f));

        if (!f)
                return -1;
        f->folder = folder_new();
        snprintf(f->path, sizeof(f->path), "%s/spool.sqlite", f->folder.path);
        f->key = fixture_key(SEED_VALIDATOR);
        f->hub = fixture_key(SEED_HUB);
        f->scope = fixture_scope();
        spool_fixture_open(f, SPOOL_LARGE);
        *state = f;
        return 0;
}

static inline int spool_fixture_teardown(void **state) {
        SpoolFixture *f = *state;

        spool_free(f->spool);
        sign_key_free(f->key);
        sign_key_free(f->hub);
        folder_done(&f->folder);
        free(f);
        return 0;
}

/* A batch of so many ticks at the end of the chain; the size of its frame. */
static inline size_t chain_put(SpoolFixture *f, Chain *c, uint16_t count) {
        static uint8_t frame[BATCH_FRAME_MAX];
        Tick ticks[BATCH_TICKS_MAX] = { 0 };
        BatchDraft d = fixture_draft(ticks, count);
        SpoolBatch b;
        int n;

        for (uint16_t i = 0; i < count; i++)
                ticks[i] = fixture_tick(0);
        d.header.incarnation = c->incarnation;
        d.header.sequence = ++c->sequence;
        d.header.previous = c->hash;
        n = batch_seal(&d, f->key, &f->scope.network, frame, &c->hash);
        assert_true(n > 0);
        b = (SpoolBatch){ .incarnation = c->incarnation,
                          .sequence = c->sequence,
                          .hash = c->hash,
                          .created = (usec_t)FIXTURE_TIME + c->incarnation * 1000 + c->sequence,
                          .count = count,
                          .frame = frame,
                          .n = (size_t)n };
        assert_int_equal(spool_put(f->spool, &b, NULL, 0), 0);
        return (size_t)n;
}

/* A receipt of the hub for from..to of a chain whose batch `to` has this hash. */
static inline size_t receipt_of(const SpoolFixture *f, const Receipt *wanted,
                                uint8_t ret[static RECEIPT_SIZE_MAX]) {
        int n = receipt_seal(wanted, f->hub, &f->scope, ret);

        assert_true(n > 0);
        return (size_t)n;
}

static inline void visit_copy(const SpoolBatch *b, void *userdata) {
        SpoolBatch *copy = userdata;

        *copy = *b;
        copy->frame = NULL;
}

/* The sequence of the first batch after another; 0: none. */
static inline uint64_t spool_after(Spool *s, uint64_t incarnation, uint64_t after) {
        SpoolBatch b = { 0 };
        int r = spool_next(s, incarnation, after, visit_copy, &b);

        assert_true(r >= 0);
        return r > 0 ? b.sequence : 0;
}
