/* Batches and gaps: sealing, parsing, verifying; see batch.h. */
#include "wire/batch.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/sha256.h"
#include "wire/bytes.h"
#include "wire/merkle.h"

#define BATCH_FLAGS   (BATCH_RESEALED | BATCH_UNSYNCED)
#define GAP_SIZE      12 /* from u64 | lost u32 */
#define GAP_EXTENSION (3 + GAP_SIZE)
#define HEAD_MAX      (BATCH_HEADER_SIZE + EXTENSION_MAX)

static const uint8_t magic[4] = { 'd', 'p', 'i', 'n' };

/* HMAC keyed and fed with the domain once, so that each salt costs two blocks. */
static void salts_init(HmacSha256 *salts, const uint8_t *secret) {
        hmac_sha256_begin(salts, secret, BATCH_SECRET_SIZE);
        hmac_sha256_add(salts, sign_domain(DOMAIN_SALT), SIGN_DOMAIN_SIZE);
}

static void salts_get(const HmacSha256 *salts, uint32_t i, uint8_t *ret) {
        HmacSha256 salt = *salts;
        uint8_t mac[SHA256_SIZE], index[4];
        ByteWriter w = byte_writer(index, sizeof(index));

        write_u32(&w, i);
        hmac_sha256_add(&salt, index, sizeof(index));
        hmac_sha256_end(&salt, mac);
        memcpy(ret, mac, BATCH_SALT_SIZE);
}

void batch_salt(const uint8_t secret[static BATCH_SECRET_SIZE], uint32_t i,
                uint8_t ret[static BATCH_SALT_SIZE]) {
        HmacSha256 salts;

        salts_init(&salts, secret);
        salts_get(&salts, i, ret);
}

static size_t tick_size(const uint8_t *tick) {
        uint8_t family = tick[16] & 0x0f;

        return TICK_SIZE_MIN + (family == 6 ? 16 : family == 4 ? 4 : 0);
}

/* Leaf hashes of n encoded ticks in a row. */
static void leaves_of(const uint8_t *secret, const uint8_t *ticks, size_t n, Hash *ret) {
        HmacSha256 salts;
        uint8_t salt[BATCH_SALT_SIZE];

        if (n == 0)
                return;
        salts_init(&salts, secret);
        for (size_t i = 0; i < n; i++) {
                size_t size = tick_size(ticks);

                salts_get(&salts, (uint32_t)i, salt);
                merkle_leaf(salt, sizeof(salt), ticks, size, &ret[i]);
                ticks += size;
        }
}

/* What is signed: head (header and extension), then root. body is a buffer for both. */
static Statement batch_statement(const BatchHeader *h, const uint8_t *head, size_t n,
                                 const Hash *root, uint8_t body[static HEAD_MAX + SIGN_HASH_SIZE]) {
        memcpy(body, head, n);
        memcpy(body + n, root->bytes, SIGN_HASH_SIZE);
        return (Statement){
                .domain = h->type == BATCH_GAP ? DOMAIN_GAP : DOMAIN_BATCH,
                .body = body,
                .n = n + SIGN_HASH_SIZE,
        };
}

static bool header_valid(const BatchHeader *h, const BatchGap *gap) {
        static const Hash zeros = {};

        if (h->flags & ~BATCH_FLAGS || h->created < 0)
                return false;
        if (h->incarnation == 0 || h->incarnation > INT64_MAX)
                return false;
        if (h->sequence == 0 || h->sequence > INT64_MAX)
                return false;
        if (h->type == BATCH_GAP)
                return h->count == 0 && gap->from >= 1 && gap->from <= h->sequence;
        if (h->type != BATCH_TICKS || h->count == 0 || h->count > BATCH_TICKS_MAX)
                return false;
        return h->sequence > 1 || hash_equal(&h->previous, &zeros);
}

static void write_header(ByteWriter *w, const BatchHeader *h, size_t extension) {
        write_bytes(w, magic, sizeof(magic));
        write_u8(w, BATCH_VERSION);
        write_u8(w, (uint8_t)h->type);
        write_u16(w, h->flags);
        write_u64(w, h->incarnation);
        write_u64(w, h->sequence);
        write_bytes(w, h->previous.bytes, SIGN_HASH_SIZE);
        write_u64(w, (uint64_t)h->created);
        write_u64(w, (uint64_t)h->clock_offset);
        write_u16(w, h->count);
        write_u16(w, (uint16_t)extension);
}

static void write_gap(ByteWriter *w, const BatchGap *gap) {
        write_u8(w, BATCH_EXTENSION_GAP);
        write_u16(w, GAP_SIZE);
        write_u64(w, gap->from);
        write_u32(w, gap->lost);
}

static int write_ticks(ByteWriter *w, const BatchDraft *d) {
        uint8_t bytes[TICK_SIZE_MAX];

        for (size_t i = 0; i < d->header.count; i++) {
                int n = tick_encode(&d->ticks[i], bytes);

                if (n < 0)
                        return n;
                write_bytes(w, bytes, (size_t)n);
        }
        return 0;
}

int batch_seal(const BatchDraft *d, const SignKey *key, const PublicKey *network,
               uint8_t ret[static BATCH_FRAME_MAX], Hash *ret_hash) {
        SignScope scope = { .network = *network, .subject = *sign_key_public(key) };
        uint8_t body[HEAD_MAX + SIGN_HASH_SIZE], *signature;
        ByteWriter w = byte_writer(ret, BATCH_FRAME_MAX);
        Hash leaves[BATCH_TICKS_MAX], root;
        bool gap = d->header.type == BATCH_GAP;
        Statement s;
        size_t head;
        int r;

        if (!header_valid(&d->header, &d->gap))
                return -EINVAL;
        write_header(&w, &d->header, gap ? GAP_EXTENSION : 0);
        if (gap)
                write_gap(&w, &d->gap);
        head = (size_t)write_finish(&w);
        write_bytes(&w, d->secret, gap ? 0 : BATCH_SECRET_SIZE);
        signature = w.at;
        w.at += SIGN_SIGNATURE_SIZE;
        r = write_ticks(&w, d);
        if (r < 0)
                return r;

        leaves_of(d->secret, signature + SIGN_SIGNATURE_SIZE, d->header.count, leaves);
        merkle_root(leaves, d->header.count, &root);
        s = batch_statement(&d->header, ret, head, &root, body);
        s.scope = &scope;
        r = sign_statement(key, &s, (Signature *)signature);
        if (r < 0)
                return r;
        r = sign_hash(&s, ret_hash);
        return r < 0 ? r : write_finish(&w);
}

/* Everything up to the extension's length; 0, -EBADMSG or -EPROTONOSUPPORT. */
static int read_header(ByteReader *r, BatchHeader *ret, size_t *ret_extension) {
        uint8_t found[sizeof(magic)], version, type;

        read_bytes(r, found, sizeof(found));
        version = read_u8(r);
        type = read_u8(r);
        ret->flags = read_u16(r);
        ret->incarnation = read_u63(r);
        ret->sequence = read_u63(r);
        read_bytes(r, ret->previous.bytes, SIGN_HASH_SIZE);
        ret->created = (int64_t)read_u63(r);
        ret->clock_offset = (int64_t)read_u64(r);
        ret->count = read_u16(r);
        *ret_extension = read_u16(r);
        if (r->failed || memcmp(found, magic, sizeof(magic)) != 0)
                return -EBADMSG;
        if (version != BATCH_VERSION || type < BATCH_TICKS || type > BATCH_GAP ||
            ret->flags & ~BATCH_FLAGS)
                return -EPROTONOSUPPORT;
        ret->type = type;
        return 0;
}

static int read_gap(const Extension *area, BatchGap *ret) {
        Extension value;
        ByteReader r;

        if (extension_find(area, BATCH_EXTENSION_GAP, &value) == 0)
                return -EBADMSG;
        r = byte_reader(value.bytes, value.n);
        ret->from = read_u63(&r);
        ret->lost = read_u32(&r);
        return read_finish(&r);
}

/* Extension, secret and signature. */
static int read_frame(ByteReader *r, Batch *b, size_t extension) {
        bool gap = b->header.type == BATCH_GAP;
        int error;

        b->extension.n = extension;
        b->extension.bytes = read_slice(r, extension);
        b->secret = read_slice(r, gap ? 0 : BATCH_SECRET_SIZE);
        b->signature = read_slice(r, SIGN_SIGNATURE_SIZE);
        b->tick_bytes = r->at;
        if (r->failed)
                return -EBADMSG;
        error = extension_check(&b->extension, gap ? BATCH_EXTENSION_GAP : 0);
        if (error < 0)
                return error;
        error = gap ? read_gap(&b->extension, &b->gap) : 0;
        if (error < 0)
                return error;
        return header_valid(&b->header, &b->gap) ? 0 : -EBADMSG;
}

static int read_ticks(ByteReader *r, Batch *b) {
        for (size_t i = 0; i < b->header.count; i++) {
                int n = tick_decode(r->at, read_left(r), &b->ticks[i]);

                if (n < 0)
                        return n;
                read_slice(r, (size_t)n);
        }
        return read_finish(r);
}

/* Struct, ticks and a copy of the frame in one block. */
static int batch_new(const void *frame, size_t n, size_t count, Batch **ret) {
        size_t size = sizeof(Batch) + count * sizeof(Tick);
        uint8_t *block;
        Batch *b;

        block = malloc(size + n);
        if (!block)
                return -ENOMEM;
        memcpy(block + size, frame, n);
        b = (Batch *)block;
        *b = (Batch){ .frame = block + size, .frame_size = n };
        *ret = b;
        return 0;
}

int batch_parse(const void *frame, size_t n, Batch **ret) {
        _cleanup_(batch_freep) Batch *b = NULL;
        ByteReader reader = byte_reader(frame, n);
        BatchHeader header = {};
        size_t extension;
        int r;

        if (n == 0 || n > BATCH_FRAME_MAX)
                return -EMSGSIZE;
        r = read_header(&reader, &header, &extension);
        if (r < 0)
                return r;
        if (header.count > BATCH_TICKS_MAX || (size_t)header.count * TICK_SIZE_MIN > n)
                return -EBADMSG;
        r = batch_new(frame, n, header.count, &b);
        if (r < 0)
                return r;
        b->header = header;
        reader = byte_reader(b->frame + BATCH_HEADER_SIZE, n - BATCH_HEADER_SIZE);
        r = read_frame(&reader, b, extension);
        if (r < 0)
                return r;
        r = read_ticks(&reader, b);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

void batch_leaves(const Batch *b, Hash ret[static BATCH_TICKS_MAX]) {
        leaves_of(b->secret, b->tick_bytes, b->header.count, ret);
}

int batch_verify(Batch *b, const SignScope *scope) {
        uint8_t body[HEAD_MAX + SIGN_HASH_SIZE];
        Hash leaves[BATCH_TICKS_MAX];
        Signature signature;
        Statement s;
        int r;

        batch_leaves(b, leaves);
        merkle_root(leaves, b->header.count, &b->root);
        s = batch_statement(&b->header, b->frame, BATCH_HEADER_SIZE + b->extension.n, &b->root,
                            body);
        s.scope = scope;
        r = sign_hash(&s, &b->hash);
        if (r < 0)
                return r;
        memcpy(signature.bytes, b->signature, SIGN_SIGNATURE_SIZE);
        return sign_verify(&scope->subject, &s, &signature);
}

Batch *batch_free(Batch *b) {
        free(b);
        return NULL;
}
