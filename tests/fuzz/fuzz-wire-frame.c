/* Any text as a frame of either side: what is decoded is written again and read again, to the same
 * text. */
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the receiver does next with a frame of this kind. */
static void use(const Frame *f) {
        SignScope scope = {};
        OrderId id;
        Order order;
        Hash hash;

        if (f->kind == FRAME_ACK)
                (void)frame_ack_dispositions(&f->ack, &hash);
        if (f->kind == FRAME_PROBE)
                (void)frame_probe_verify(&f->probe, &scope, &scope.network);
        if (f->kind != FRAME_ORDERS)
                return;
        (void)frame_orders_root(&f->orders, &scope, &hash);
        for (size_t i = 0; i < f->orders.add.n; i++)
                (void)frame_order_open((FrameOrder *)f->orders.add.items + i, &scope, &order, &id);
}

static void write_and_read(const Frame *f, FrameFrom from) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        Frame read;

        if (frame_encode(f, &text) < 0) /* escapes may make it longer than its kind allows */
                return;
        if (frame_decode(text, strlen(text), from, &read, NULL) < 0)
                abort();
        if (frame_encode(&read, &again) < 0 || strcmp(text, again) != 0)
                abort();
        frame_done(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        for (FrameFrom from = FRAME_FROM_HUB; from <= FRAME_FROM_VALIDATOR; from++) {
                Frame f;

                if (frame_decode((const char *)data, size, from, &f, NULL) < 0)
                        continue;
                use(&f);
                write_and_read(&f, from);
                frame_done(&f);
        }
        return 0;
}
