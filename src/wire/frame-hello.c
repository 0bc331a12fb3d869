/* Members and signatures of the handshake; see frame-hello.h. */
#include "wire/frame-hello.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "wire/bytes.h"

#define TAG_SIZE  64
#define BODY_SIZE (2 * FRAME_NONCE_SIZE + FRAME_TEXT_SIZE)

static const JsonField stream_fields[] = {
        { "incarnation", JSON_U64, .offset = offsetof(FrameStream, incarnation) },
        { "receipt", JSON_BYTES, .optional = true, .offset = offsetof(FrameStream, receipt),
          .size = RECEIPT_SIZE_MAX },
        {},
};

const JsonField frame_window_fields[] = {
        { "live", JSON_NUMBER, .offset = offsetof(FrameWindow, live), .max = 1024 },
        { "history", JSON_NUMBER, .offset = offsetof(FrameWindow, history), .max = 1024 },
        {},
};

const JsonField frame_hello_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameHello, type), .size = FRAME_TYPE_SIZE },
        { "version", JSON_NUMBER, .offset = offsetof(FrameHello, version), .min = 1, .max = 255 },
        { "hubKey", JSON_FIXED, .offset = offsetof(FrameHello, hub_key), .size = SIGN_PUBLIC_SIZE },
        { "networkKey", JSON_FIXED, .offset = offsetof(FrameHello, network_key),
          .size = SIGN_PUBLIC_SIZE },
        { "certificate", JSON_FIXED, .optional = true, .offset = offsetof(FrameHello, certificate),
          .size = SIGN_SIGNATURE_SIZE },
        { "nonce", JSON_FIXED, .offset = offsetof(FrameHello, nonce), .size = FRAME_NONCE_SIZE },
        { "time", JSON_U64, .offset = offsetof(FrameHello, time) },
        { "maxFrame", JSON_NUMBER, .offset = offsetof(FrameHello, max_frame), .min = 1024,
          .max = 64 * 1024 },
        { "maxTicks", JSON_NUMBER, .offset = offsetof(FrameHello, max_ticks), .min = 1,
          .max = 720 },
        { "signature", JSON_FIXED, .offset = offsetof(FrameHello, signature),
          .size = SIGN_SIGNATURE_SIZE },
        {},
};

const JsonField frame_join_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameJoin, type), .size = FRAME_TYPE_SIZE },
        { "validatorKey", JSON_FIXED, .offset = offsetof(FrameJoin, validator_key),
          .size = SIGN_PUBLIC_SIZE },
        { "nonce", JSON_FIXED, .offset = offsetof(FrameJoin, nonce), .size = FRAME_NONCE_SIZE },
        { "hubNonce", JSON_FIXED, .offset = offsetof(FrameJoin, hub_nonce),
          .size = FRAME_NONCE_SIZE },
        { "authority", JSON_STRING, .offset = offsetof(FrameJoin, authority),
          .size = FRAME_TEXT_SIZE },
        { "software", JSON_STRING, .offset = offsetof(FrameJoin, software), .size = 64 },
        { "tags", JSON_STRINGS, .offset = offsetof(FrameJoin, tags), .size = TAG_SIZE,
          .max = FRAME_TAGS_MAX },
        { "capabilities", JSON_STRINGS, .offset = offsetof(FrameJoin, capabilities),
          .size = TAG_SIZE, .max = FRAME_TAGS_MAX },
        { "streams", JSON_ARRAY, .offset = offsetof(FrameJoin, streams),
          .size = sizeof(FrameStream), .max = FRAME_INCARNATIONS_MAX, .fields = stream_fields },
        { "revision", JSON_U64, .offset = offsetof(FrameJoin, revision) },
        { "signature", JSON_FIXED, .offset = offsetof(FrameJoin, signature),
          .size = SIGN_SIGNATURE_SIZE },
        {},
};

const JsonField frame_welcome_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameWelcome, type), .size = FRAME_TYPE_SIZE },
        { "approved", JSON_BOOL, .offset = offsetof(FrameWelcome, approved) },
        { "time", JSON_U64, .offset = offsetof(FrameWelcome, time) },
        { "streams", JSON_ARRAY, .offset = offsetof(FrameWelcome, streams),
          .size = sizeof(FrameStream), .max = FRAME_INCARNATIONS_MAX, .fields = stream_fields },
        { "window", JSON_OBJECT, .offset = offsetof(FrameWelcome, window),
          .fields = frame_window_fields },
        { "signature", JSON_FIXED, .offset = offsetof(FrameWelcome, signature),
          .size = SIGN_SIGNATURE_SIZE },
        {},
};

const JsonField frame_reject_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameReject, type), .size = FRAME_TYPE_SIZE },
        { "code", JSON_STRING, .offset = offsetof(FrameReject, code), .size = 32 },
        { "reason", JSON_STRING, .optional = true, .offset = offsetof(FrameReject, reason),
          .size = FRAME_TEXT_SIZE },
        { "retryAfter", JSON_NUMBER, .optional = true, .offset = offsetof(FrameReject, retry_after),
          .max = 24 * 3600 },
        {},
};

static Statement statement(Domain domain, const SignScope *scope, const ByteWriter *body) {
        return (Statement){
                .domain = domain,
                .scope = scope,
                .body = body->start,
                .n = (size_t)(body->at - body->start),
        };
}

static SignScope hello_scope(const FrameHello *f) {
        return (SignScope){ .network = f->network_key, .subject = f->hub_key };
}

static ByteWriter hello_body(const FrameHello *f, uint8_t buffer[static BODY_SIZE]) {
        ByteWriter w = byte_writer(buffer, BODY_SIZE);

        write_u8(&w, (uint8_t)f->version);
        write_bytes(&w, f->nonce, FRAME_NONCE_SIZE);
        write_u64(&w, f->time);
        write_u32(&w, (uint32_t)f->max_frame);
        write_u32(&w, (uint32_t)f->max_ticks);
        return w;
}

int frame_hello_sign(FrameHello *f, const SignKey *hub) {
        uint8_t buffer[BODY_SIZE];
        ByteWriter body;
        SignScope scope;
        Statement s;

        f->hub_key = *sign_key_public(hub);
        scope = hello_scope(f);
        body = hello_body(f, buffer);
        s = statement(DOMAIN_HELLO, &scope, &body);
        return sign_statement(hub, &s, &f->signature);
}

int frame_hello_certify(const SignKey *network, const PublicKey *hub, Signature *ret) {
        SignScope scope = { .network = *sign_key_public(network), .subject = *hub };
        Statement s = { .domain = DOMAIN_HUBKEY, .scope = &scope };

        return sign_statement(network, &s, ret);
}

int frame_hello_verify(const FrameHello *f) {
        SignScope scope = hello_scope(f);
        Statement certificate = { .domain = DOMAIN_HUBKEY, .scope = &scope }, s;
        uint8_t buffer[BODY_SIZE];
        ByteWriter body = hello_body(f, buffer);
        int r;

        if (!public_key_equal(&f->hub_key, &f->network_key)) {
                r = sign_verify(&f->network_key, &certificate, &f->certificate);
                if (r < 0)
                        return r;
        }
        s = statement(DOMAIN_HELLO, &scope, &body);
        return sign_verify(&f->hub_key, &s, &f->signature);
}

static ByteWriter join_body(const FrameJoin *f, uint8_t buffer[static BODY_SIZE]) {
        ByteWriter w = byte_writer(buffer, BODY_SIZE);

        write_bytes(&w, f->hub_nonce, FRAME_NONCE_SIZE);
        write_bytes(&w, f->nonce, FRAME_NONCE_SIZE);
        write_bytes(&w, f->authority, strnlen(f->authority, FRAME_TEXT_SIZE));
        return w;
}

int frame_join_sign(FrameJoin *f, const PublicKey *network, const SignKey *validator) {
        SignScope scope = { .network = *network, .subject = *sign_key_public(validator) };
        uint8_t buffer[BODY_SIZE];
        ByteWriter body = join_body(f, buffer);
        Statement s = statement(DOMAIN_JOIN, &scope, &body);

        f->validator_key = scope.subject;
        return sign_statement(validator, &s, &f->signature);
}

int frame_join_verify(const FrameJoin *f, const PublicKey *network) {
        SignScope scope = { .network = *network, .subject = f->validator_key };
        uint8_t buffer[BODY_SIZE];
        ByteWriter body = join_body(f, buffer);
        Statement s = statement(DOMAIN_JOIN, &scope, &body);

        return sign_verify(&f->validator_key, &s, &f->signature);
}

static ByteWriter welcome_body(const FrameWelcome *f, const FrameNonces *n,
                               uint8_t buffer[static BODY_SIZE]) {
        ByteWriter w = byte_writer(buffer, BODY_SIZE);

        write_bytes(&w, n->hub, FRAME_NONCE_SIZE);
        write_bytes(&w, n->validator, FRAME_NONCE_SIZE);
        write_u64(&w, f->time);
        return w;
}

int frame_welcome_sign(FrameWelcome *f, const FrameNonces *n, const SignScope *scope,
                       const SignKey *hub) {
        uint8_t buffer[BODY_SIZE];
        ByteWriter body = welcome_body(f, n, buffer);
        Statement s = statement(DOMAIN_WELCOME, scope, &body);

        return sign_statement(hub, &s, &f->signature);
}

int frame_welcome_verify(const FrameWelcome *f, const FrameNonces *n, const SignScope *scope,
                         const PublicKey *hub) {
        uint8_t buffer[BODY_SIZE];
        ByteWriter body = welcome_body(f, n, buffer);
        Statement s = statement(DOMAIN_WELCOME, scope, &body);

        return sign_verify(hub, &s, &f->signature);
}
