/* A growing array; taking sorts what is committed by validator. */
#include "hub/outbox.h"

#include <errno.h>
#include <string.h>

#include "hub/website.h"

#define FRAME_BUDGET (40 * 1024) /* bytes of orders and specifications before base64 */

struct Outbox {
        OutboxChange *changes;
        size_t n, capacity;
};

int outbox_new(Outbox **ret) {
        Outbox *o = calloc(1, sizeof(*o));

        if (!o)
                return -ENOMEM;
        *ret = o;
        return 0;
}

Outbox *outbox_free(Outbox *o) {
        if (!o)
                return NULL;
        free(o->changes);
        free(o);
        return NULL;
}

int outbox_add(Outbox *o, const OutboxChange *change) {
        size_t capacity = o->capacity ? 2 * o->capacity : 64;
        OutboxChange *changes;

        if (o->n == o->capacity) {
                changes = realloc(o->changes, capacity * sizeof(*changes));
                if (!changes)
                        return -ENOMEM;
                o->changes = changes;
                o->capacity = capacity;
        }
        o->changes[o->n++] = *change;
        return 0;
}

/* By validator, then as they were added (commit numbers ascend; ties by row, adds before removes).
 */
static int compare(const void *a, const void *b) {
        const OutboxChange *x = a, *y = b;

        if (x->order->validator != y->order->validator)
                return x->order->validator < y->order->validator ? -1 : 1;
        if (x->commit_no != y->commit_no)
                return x->commit_no < y->commit_no ? -1 : 1;
        if (x->order->row != y->order->row)
                return x->order->row < y->order->row ? -1 : 1;
        return (int)x->remove - (int)y->remove;
}

bool outbox_may_send(const WorkOrder *o) {
        return o->removed == 0 && o->website &&
               hash_equal(&o->order.terms->spec, &o->website->spec_hash);
}

bool outbox_is_moot(const OutboxChange *c) {
        return c->remove ? !c->order->sent : !outbox_may_send(c->order);
}

static void deliver(const OutboxChange *changes, size_t n, OutboxTaken taken, void *userdata) {
        size_t begin = 0;

        for (size_t i = 1; i <= n; i++) {
                if (i < n && changes[i].order->validator == changes[begin].order->validator)
                        continue;
                taken(changes[begin].order->validator, changes + begin, i - begin, userdata);
                begin = i;
        }
}

void outbox_take(Outbox *o, uint64_t commit_no, OutboxTaken taken, void *userdata) {
        _cleanup_free_ OutboxChange *due = NULL;
        size_t n = 0, ended = 0;

        while (ended < o->n && o->changes[ended].commit_no <= commit_no)
                ended++;
        if (ended == 0)
                return;
        due = calloc(ended, sizeof(*due));
        if (!due)
                return; /* stays for the next commit */

        for (size_t i = 0; i < ended; i++)
                if (!outbox_is_moot(&o->changes[i]))
                        due[n++] = o->changes[i];
        memmove(o->changes, o->changes + ended, (o->n - ended) * sizeof(*o->changes));
        o->n -= ended;

        qsort(due, n, sizeof(*due), compare);
        if (n > 0)
                deliver(due, n, taken, userdata);
}

static void frame_add(OutboxFrame *f, WorkOrder *o) {
        uint8_t *bytes = f->bytes[f->n_add];

        work_order_encode(o, bytes);
        f->added[f->n_add] = o;
        f->add[f->n_add++] = (FrameOrder){
                .order = { bytes, WORK_ORDER_SIZE },
                .spec = { (uint8_t *)o->website->spec, strlen(o->website->spec) },
        };
}

size_t outbox_frame(OutboxFrame *f, const OutboxChange *changes, size_t n, bool reset) {
        size_t i, n_removed = 0, bytes = 0;

        *f = (OutboxFrame){ .frame.kind = FRAME_ORDERS, .frame.orders.reset = reset };
        for (i = 0; i < n && f->n_add < FRAME_ORDERS_MAX && n_removed < FRAME_ORDERS_MAX &&
                    bytes < FRAME_BUDGET;
             i++) {
                WorkOrder *o = changes[i].order;

                if (o->order.type == ORDER_SPARE)
                        continue;
                bytes += changes[i].remove ? sizeof(OrderId)
                                           : WORK_ORDER_SIZE + strlen(o->website->spec);
                if (changes[i].remove)
                        f->removed[n_removed++].order = o->id;
                else
                        frame_add(f, o);
        }
        f->frame.orders.add = (JsonArray){ f->add, f->n_add };
        f->frame.orders.removed = (JsonArray){ f->removed, n_removed };
        return i;
}
