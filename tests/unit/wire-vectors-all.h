/* The whole of vectors.json; see wire-vectors.h. */
#pragma once

#include "wire-vectors-batch.h"
#include "wire-vectors-frame.h"

static inline void vector_work(JsonWriter *w, const SignKey *hub) {
        Frame orders = { .kind = FRAME_ORDERS }, probe = { .kind = FRAME_PROBE };
        Frame suspect = { .kind = FRAME_SUSPECT };
        JsonBytes spec = { (uint8_t *)FIXTURE_SPEC, strlen(FIXTURE_SPEC) };
        uint8_t bytes[3][ORDER_SIZE_MAX];
        SignScope scope = fixture_scope();
        FrameRemoved removed;
        FrameOrder add[3];

        for (uint8_t i = 0; i < 3; i++) {
                Order o = fixture_order();

                o.nonce[0] ^= i; /* the first is the order above */
                assert_int_equal(order_encode(&o, bytes[i], ORDER_SIZE_MAX), ORDER_FIXED_SIZE);
                add[i] = (FrameOrder){ { bytes[i], ORDER_FIXED_SIZE }, spec };
        }
        memset(&removed, 0xe3, sizeof(removed));
        orders.orders = (FrameOrders){
                .base = 11, .revision = 12, .add = { add, 3 }, .removed = { &removed, 1 }
        };
        assert_int_equal(frame_orders_sign(&orders.orders, &scope, hub), 0);
        vector_frame(w, &orders, FRAME_FROM_HUB);

        probe.probe = (FrameProbe){ .order = fixture_order_id(),
                                    .number = 7,
                                    .reason = "confirm",
                                    .deadline = FIXTURE_TIME + 12000000 };
        assert_int_equal(frame_probe_sign(&probe.probe, &scope, hub), 0);
        vector_frame(w, &probe, FRAME_FROM_HUB);
        probe.probe.spare = (FrameSpare){ .order = add[0].order, .spec = spec };
        assert_int_equal(frame_spare_sign(&probe.probe.spare, &scope, hub), 0);
        vector_frame(w, &probe, FRAME_FROM_HUB);

        suspect.suspect = (FrameSuspect){ .order = fixture_order_id(), .slot = 3 };
        vector_frame(w, &suspect, FRAME_FROM_VALIDATOR);
}

static inline void vector_frames(JsonWriter *w) {
        _cleanup_(sign_key_freep) SignKey *hub = fixture_key(SEED_NETWORK);
        Frame ack = { .kind = FRAME_ACK }, reject = { .kind = FRAME_REJECT };
        Frame notice = { .kind = FRAME_NOTICE }, bye = { .kind = FRAME_BYE };
        uint8_t receipt[RECEIPT_SIZE_MAX];

        fixture_ack(&ack.ack, receipt);
        vector_hello(w, SEED_NETWORK);
        vector_hello(w, SEED_HUB);
        vector_join(w, receipt);
        vector_welcome(w, hub, receipt);
        vector_work(w, hub);
        vector_frame(w, &ack, FRAME_FROM_HUB);
        reject.reject = (FrameReject){ .code = "not_ready", .retry_after = 5 };
        vector_frame(w, &reject, FRAME_FROM_HUB);
        notice.notice = (FrameNotice){ .code = "sequence", .incarnation = 3, .sequence = 4 };
        vector_frame(w, &notice, FRAME_FROM_HUB);
        bye.bye = (FrameBye){ .code = "shutdown" };
        vector_frame(w, &bye, FRAME_FROM_VALIDATOR);
}

static const struct {
        const char *name;
        void (*write)(JsonWriter *w);
        bool array;
} vector_members[] = {
        { "keys", vector_keys, false },    { "order", vector_order, false },
        { "ticks", vector_ticks, true },   { "batches", vector_batches, true },
        { "merkle", vector_merkle, true }, { "frames", vector_frames, true },
};

static inline void vectors_write(FILE *f) {
        for (size_t i = 0; i < ELEMENTSOF(vector_members); i++) {
                _cleanup_(json_writer_freep) JsonWriter *w = NULL;
                _cleanup_free_ char *text = NULL;

                assert_int_equal(json_writer_new(&w), 0);
                if (vector_members[i].array)
                        json_writer_open_array(w, NULL);
                else
                        json_writer_open_object(w, NULL);
                vector_members[i].write(w);
                json_writer_close(w);
                assert_int_equal(json_writer_take(w, &text), 0);
                fprintf(f, "%s\"%s\":%s", i == 0 ? "{\n" : ",\n", vector_members[i].name, text);
        }
        fputs("\n}\n", f);
}
