/* Any text as a frame of either side: what is decoded is written again and read again, to the same
 * text. */
#include "property.h"
#include "wire/frame.h"

/* What the receiver of a handshake does next: nobody signed it for this network. */
static void judge_handshake(const Frame *f) {
        SignScope scope = {};
        FrameNonces nonces = {};

        if (f->kind == FRAME_HELLO)
                (void)frame_hello_verify(&f->hello);
        if (f->kind == FRAME_JOIN)
                PROPERTY(frame_join_verify(&f->join, &scope.network) < 0);
        if (f->kind == FRAME_WELCOME)
                PROPERTY(frame_welcome_verify(&f->welcome, &nonces, &scope, &scope.network) < 0);
}

/* Likewise of work and its answers. */
static void judge_work(const Frame *f) {
        SignScope scope = {};
        OrderId id;
        Order order;
        Hash hash;

        if (f->kind == FRAME_ACK)
                (void)frame_ack_dispositions(&f->ack, &hash);
        if (f->kind == FRAME_PROBE) {
                (void)frame_probe_kind(&f->probe);
                PROPERTY(frame_probe_verify(&f->probe, &scope, &scope.network) < 0);
        }
        if (f->kind != FRAME_ORDERS)
                return;
        PROPERTY(frame_orders_verify(&f->orders, &scope, &scope.network) < 0);
        (void)frame_orders_root(&f->orders, &scope, &hash);
        for (size_t i = 0; i < f->orders.add.n; i++)
                (void)frame_order_open((FrameOrder *)f->orders.add.items + i, &scope, &order, &id);
}

static void write_and_read(const Frame *f, FrameFrom from) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        Frame read;

        if (frame_encode(f, &text) < 0) /* escapes may make it longer than its kind allows */
                return;
        PROPERTY(frame_decode(text, strlen(text), from, &read, NULL) >= 0);
        PROPERTY(frame_encode(&read, &again) >= 0 && strcmp(text, again) == 0);
        frame_done(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        for (FrameFrom from = FRAME_FROM_HUB; from <= FRAME_FROM_VALIDATOR; from++) {
                Frame f;

                if (frame_decode((const char *)data, size, from, &f, NULL) < 0)
                        continue;
                judge_handshake(&f);
                judge_work(&f);
                write_and_read(&f, from);
                frame_done(&f);
        }
        return 0;
}
