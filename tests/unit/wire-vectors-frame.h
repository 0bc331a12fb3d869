/* A receipt, the ack that carries it, and one signed text message of each kind, in vectors.json;
 * see wire-vectors.h. All are signed by the network key, which is the hub's, but for the second
 * hello. */
#pragma once

#include "wire-vectors.h"
#include "wire/frame.h"

/* Batches 3 (ticks accepted, late) and 4 (all three duplicate). */
static inline void fixture_ack(FrameAck *ret, uint8_t receipt[static RECEIPT_SIZE_MAX]) {
        static FrameArrival batches[] = {
                { 3, FIXTURE_TIME + 10, 2, DISPOSITION_ACCEPTED },
                { 4, FIXTURE_TIME + 20, 3, DISPOSITION_DUPLICATE },
        };
        static FrameException exceptions[] = { { 3, 1, DISPOSITION_LATE } };
        _cleanup_(sign_key_freep) SignKey *hub = fixture_key(SEED_NETWORK);
        SignScope scope = fixture_scope();
        Receipt r = {
                .incarnation = 0x0123456789abcdef,
                .from = 3,
                .to = 4,
                .commit_no = 42,
                .commit_time = FIXTURE_TIME + 30,
                .counts = { 1, 1, 0, 3, 0, 0 },
        };

        memset(r.hash.bytes, 0xcc, SIGN_HASH_SIZE);
        *ret = (FrameAck){
                .time = FIXTURE_TIME + 40,
                .batches = { batches, ELEMENTSOF(batches) },
                .exceptions = { exceptions, ELEMENTSOF(exceptions) },
                .window = { 16, 4 },
        };
        assert_int_equal(frame_ack_dispositions(ret, &r.dispositions), 0);
        assert_int_equal(receipt_seal(&r, hub, &scope, receipt), RECEIPT_FIXED_SIZE);
        ret->receipt = (JsonBytes){ receipt, RECEIPT_FIXED_SIZE };
}

static inline void vector_frame(JsonWriter *w, const Frame *f, FrameFrom from) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(frame_encode(f, &text), 0);
        json_writer_open_object(w, NULL);
        json_writer_string(w, "from", from == FRAME_FROM_HUB ? "hub" : "validator");
        json_writer_string(w, "text", text);
        json_writer_close(w);
}

static inline void vector_hello(JsonWriter *w, uint8_t hub_seed) {
        _cleanup_(sign_key_freep) SignKey *network = fixture_key(SEED_NETWORK);
        _cleanup_(sign_key_freep) SignKey *hub = fixture_key(hub_seed);
        Frame f = { .kind = FRAME_HELLO };

        f.hello = (FrameHello){
                .version = FRAME_PROTOCOL,
                .network_key = *sign_key_public(network),
                .time = FIXTURE_TIME,
                .max_frame = FRAME_SIZE_MAX,
                .max_ticks = BATCH_TICKS_MAX,
        };
        memset(f.hello.nonce, 0xe1, FRAME_NONCE_SIZE);
        if (hub_seed != SEED_NETWORK)
                assert_int_equal(frame_hello_certify(network, sign_key_public(hub),
                                                     &f.hello.certificate),
                                 0);
        assert_int_equal(frame_hello_sign(&f.hello, hub), 0);
        vector_frame(w, &f, FRAME_FROM_HUB);
}

static inline void vector_join(JsonWriter *w, uint8_t *receipt) {
        _cleanup_(sign_key_freep) SignKey *validator = fixture_key(SEED_VALIDATOR);
        char *tags[] = { "region=eu" }, *capabilities[] = { "http" };
        FrameStream stream = { 0x0123456789abcdef, { receipt, RECEIPT_FIXED_SIZE } };
        PublicKey network = fixture_public(SEED_NETWORK);
        Frame f = { .kind = FRAME_JOIN };

        f.join = (FrameJoin){
                .authority = "hub.example:8081",
                .software = "dpin 0.1.0",
                .tags = { tags, 1 },
                .capabilities = { capabilities, 1 },
                .streams = { &stream, 1 },
                .revision = 12,
        };
        memset(f.join.hub_nonce, 0xe1, FRAME_NONCE_SIZE);
        memset(f.join.nonce, 0xe2, FRAME_NONCE_SIZE);
        assert_int_equal(frame_join_sign(&f.join, &network, validator), 0);
        vector_frame(w, &f, FRAME_FROM_VALIDATOR);
}

static inline void vector_welcome(JsonWriter *w, const SignKey *hub, uint8_t *receipt) {
        FrameStream stream = { 0x0123456789abcdef, { receipt, RECEIPT_FIXED_SIZE } };
        Frame f = { .kind = FRAME_WELCOME };
        SignScope scope = fixture_scope();
        FrameNonces nonces;

        f.welcome = (FrameWelcome){
                .approved = true,
                .time = FIXTURE_TIME + 5,
                .streams = { &stream, 1 },
                .window = { 16, 4 },
        };
        memset(nonces.hub, 0xe1, FRAME_NONCE_SIZE);
        memset(nonces.validator, 0xe2, FRAME_NONCE_SIZE);
        assert_int_equal(frame_welcome_sign(&f.welcome, &nonces, &scope, hub), 0);
        vector_frame(w, &f, FRAME_FROM_HUB);
}
