/* Receipts and disposition hashes; see receipt.h. */
#include "wire/receipt.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/sha256.h"
#include "wire/bytes.h"

#define RECEIPT_TYPE 1
#define BODY_MIN     (RECEIPT_FIXED_SIZE - SIGN_SIGNATURE_SIZE)

struct DispositionHash {
        Sha256 state;
};

static const char *const names[_DISPOSITION_MAX] = {
        [DISPOSITION_ACCEPTED] = "accepted",     [DISPOSITION_LATE] = "late",
        [DISPOSITION_UNASSIGNED] = "unassigned", [DISPOSITION_DUPLICATE] = "duplicate",
        [DISPOSITION_FUTURE] = "future",         [DISPOSITION_EXPIRED] = "expired",
};

static bool receipt_valid(const Receipt *r) {
        if (r->incarnation == 0 || r->incarnation > INT64_MAX || r->to > INT64_MAX)
                return false;
        return r->from >= 1 && r->from <= r->to && r->commit_no <= INT64_MAX && r->commit_time >= 0;
}

static Statement receipt_statement(const void *body, size_t n, const SignScope *scope) {
        return (Statement){ .domain = DOMAIN_RECEIPT, .scope = scope, .body = body, .n = n };
}

int receipt_seal(const Receipt *r, const SignKey *key, const SignScope *scope,
                 uint8_t ret[static RECEIPT_SIZE_MAX]) {
        ByteWriter w = byte_writer(ret, RECEIPT_SIZE_MAX);
        Signature signature;
        Statement s;
        int error;

        if (!receipt_valid(r) || extension_check(&r->extension, 0) < 0)
                return -EINVAL;
        write_u8(&w, RECEIPT_VERSION);
        write_u8(&w, RECEIPT_TYPE);
        write_u16(&w, (uint16_t)r->extension.n);
        write_u64(&w, r->incarnation);
        write_u64(&w, r->from);
        write_u64(&w, r->to);
        write_bytes(&w, r->hash.bytes, SIGN_HASH_SIZE);
        write_u64(&w, r->commit_no);
        write_u64(&w, (uint64_t)r->commit_time);
        for (size_t i = 0; i < _DISPOSITION_MAX; i++)
                write_u32(&w, r->counts[i]);
        write_bytes(&w, r->dispositions.bytes, SIGN_HASH_SIZE);
        write_bytes(&w, r->extension.bytes, r->extension.n);

        s = receipt_statement(ret, (size_t)write_finish(&w), scope);
        error = sign_statement(key, &s, &signature);
        if (error < 0)
                return error;
        write_bytes(&w, signature.bytes, SIGN_SIGNATURE_SIZE);
        return write_finish(&w);
}

static void read_fields(ByteReader *r, Receipt *ret) {
        ret->incarnation = read_u63(r);
        ret->from = read_u63(r);
        ret->to = read_u63(r);
        read_bytes(r, ret->hash.bytes, SIGN_HASH_SIZE);
        ret->commit_no = read_u63(r);
        ret->commit_time = (int64_t)read_u63(r);
        for (size_t i = 0; i < _DISPOSITION_MAX; i++)
                ret->counts[i] = read_u32(r);
        read_bytes(r, ret->dispositions.bytes, SIGN_HASH_SIZE);
        ret->extension.bytes = read_slice(r, ret->extension.n);
        read_slice(r, SIGN_SIGNATURE_SIZE);
}

int receipt_parse(const void *bytes, size_t n, Receipt *ret) {
        ByteReader reader = byte_reader(bytes, n);
        Receipt receipt = {};
        uint8_t version, type;
        int r;

        if (n < RECEIPT_FIXED_SIZE || n > RECEIPT_SIZE_MAX)
                return -EBADMSG;
        version = read_u8(&reader);
        type = read_u8(&reader);
        if (version != RECEIPT_VERSION || type != RECEIPT_TYPE)
                return -EPROTONOSUPPORT;
        receipt.extension.n = read_u16(&reader);
        read_fields(&reader, &receipt);
        if (read_finish(&reader) < 0 || !receipt_valid(&receipt))
                return -EBADMSG;
        r = extension_check(&receipt.extension, 0);
        if (r < 0)
                return r;
        *ret = receipt;
        return 0;
}

int receipt_verify(const void *bytes, size_t n, const PublicKey *hub, const SignScope *scope) {
        const uint8_t *body = bytes;
        Signature signature;
        Statement s;

        if (n < RECEIPT_FIXED_SIZE || n > RECEIPT_SIZE_MAX)
                return -EBADMSG;
        s = receipt_statement(body, n - SIGN_SIGNATURE_SIZE, scope);
        memcpy(signature.bytes, body + s.n, SIGN_SIGNATURE_SIZE);
        return sign_verify(hub, &s, &signature);
}

int disposition_hash_new(DispositionHash **ret) {
        DispositionHash *d = malloc(sizeof(*d));

        if (!d)
                return -ENOMEM;
        sha256_begin(&d->state);
        *ret = d;
        return 0;
}

DispositionHash *disposition_hash_free(DispositionHash *d) {
        free(d);
        return NULL;
}

void disposition_hash_add(DispositionHash *d, uint64_t sequence, int64_t arrival,
                          const uint8_t *codes, size_t n) {
        uint8_t head[16];
        ByteWriter w = byte_writer(head, sizeof(head));

        write_u64(&w, sequence);
        write_u64(&w, (uint64_t)arrival);
        sha256_add(&d->state, head, sizeof(head));
        sha256_add(&d->state, codes, n);
}

void disposition_hash_take(DispositionHash *d, Hash *ret) {
        sha256_end(&d->state, ret->bytes);
}

const char *disposition_name(unsigned code) {
        return code < _DISPOSITION_MAX ? names[code] : "unknown";
}
