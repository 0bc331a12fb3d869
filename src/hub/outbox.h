/* Changes of orders that wait for their commit, and frames made of them. Pure. */
#pragma once

#include "base/macro.h"
#include "hub/orderbook.h"
#include "wire/frame.h"
#include "wire/merkle.h"

typedef struct Outbox Outbox;

typedef struct OutboxChange {
        WorkOrder *order; /* borrowed from the order book */
        bool remove;
        uint64_t commit_no;
} OutboxChange;

int outbox_new(Outbox **ret);
Outbox *outbox_free(Outbox *o);
DEFINE_FREEP(Outbox, outbox_free);

/* false: it has ended, or its website's specification, which would go with it, is another one by
 * now. */
bool outbox_may_send(const WorkOrder *o);
/* An addition whose order has ended is not worth telling, nor is the end of what was never told. */
bool outbox_is_moot(const OutboxChange *c);

/* 0, -ENOMEM. */
int outbox_add(Outbox *o, const OutboxChange *change);
/* Takes out what is committed, validator by validator, each one's in the order of adding; an order
 * added and removed in the same breath is left out. */
typedef void (*OutboxTaken)(uint32_t validator, const OutboxChange *changes, size_t n,
                            void *userdata);
void outbox_take(Outbox *o, uint64_t commit_no, OutboxTaken taken, void *userdata);

/* An orders frame with what it borrows. Signature, base and revision are the sender's to fill. */
typedef struct OutboxFrame {
        Frame frame;
        FrameOrder add[FRAME_ORDERS_MAX];
        uint8_t bytes[FRAME_ORDERS_MAX][WORK_ORDER_SIZE]; /* theirs */
        FrameRemoved removed[FRAME_ORDERS_MAX];
        WorkOrder *added[FRAME_ORDERS_MAX];
        size_t n_add;
        Hash leaves[FRAME_ORDERS_MAX], root;
} OutboxFrame;

/* Fills a frame from the front of changes as far as its limits go; spares are passed over. How many
 * changes it took. */
size_t outbox_frame(OutboxFrame *f, const OutboxChange *changes, size_t n, bool reset);
