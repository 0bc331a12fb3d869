/* Orders are stored first and sent after the commit, so that none is ever without an owner. */
#include "hub/assign.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/backlog.h"
#include "store/orders.h"

/* Numbers stored as possibly issued, ahead of use. Few: after a crash those that were not issued
 * count as if they had been. */
#define PROBES_RESERVED 16u

struct Assigner {
        AssignerOptions options;
        Outbox *outbox;   /* until the commit */
        Outbox *reserved; /* orders whose probes have more numbers then */
        Backlog *backlog; /* until the validator has read what went before */
};

int assigner_new(Assigner **ret, const AssignerOptions *options) {
        _cleanup_(assigner_freep) Assigner *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->options = *options;
        r = outbox_new(&a->outbox);
        if (r < 0)
                return r;

        r = outbox_new(&a->reserved);
        if (r < 0)
                return r;

        r = backlog_new(&a->backlog);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(a);
        return 0;
}

Assigner *assigner_free(Assigner *a) {
        if (!a)
                return NULL;
        outbox_free(a->reserved);
        outbox_free(a->outbox);
        backlog_free(a->backlog);
        free(a);
        return NULL;
}

static size_t place_of(SeatType type, uint8_t seat) {
        return 2 * (size_t)seat + (type == SEAT_SPARE);
}

/* A validator has one at most, as it is of one region. 0: a free place. */
static WorkOrder **find_panel_order(const Website *w, uint32_t validator) {
        for (size_t i = 0; w->panel_orders && i < PANEL_ORDERS_MAX; i++) {
                WorkOrder **place = &w->panel_orders[i];

                if (*place ? (*place)->validator == validator : validator == 0)
                        return place;
        }
        return NULL;
}

/* NULL: none was ever put there. */
static WorkOrder **find_order(const Website *w, SeatType type, uint8_t seat, uint32_t validator) {
        if (type == SEAT_PANEL)
                return find_panel_order(w, validator);
        return place_of(type, seat) < w->n_orders ? &w->orders[place_of(type, seat)] : NULL;
}

static int put_panel_order(Website *w, WorkOrder *o) {
        WorkOrder **place;

        if (!w->panel_orders)
                w->panel_orders = calloc(PANEL_ORDERS_MAX, sizeof(WorkOrder *));
        if (!w->panel_orders)
                return -ENOMEM;
        place = find_panel_order(w, 0);
        if (!place)
                return -ENOSPC;
        *place = o;
        return 0;
}

int assign_put(Website *w, SeatType type, WorkOrder *o, uint8_t seat) {
        size_t place = place_of(type, seat), n = 2 * ((size_t)seat + 1);
        WorkOrder **larger;

        if (type == SEAT_PANEL)
                return put_panel_order(w, o);
        if (place >= w->n_orders) {
                larger = reallocarray(w->orders, n, sizeof(WorkOrder *));
                if (!larger)
                        return -ENOMEM;
                memset(larger + w->n_orders, 0, (n - w->n_orders) * sizeof(WorkOrder *));
                w->orders = larger;
                w->n_orders = (uint8_t)n;
        }
        w->orders[place] = o;
        return 0;
}

static Order order_of(const Website *w, const SiteSeat *s) {
        Order o = {
                .type = (OrderType)s->type,
                .seat = s->type == SEAT_SPARE ? 0 : s->seat,
                .n = s->n,
                .family = w->family,
                .website = w->public_id,
                .spec = w->spec_hash,
                .interval_ms = w->interval_ms,
                .timeout_ms = w->timeout_ms,
                .start = (int64_t)s->start,
                .epoch.number = s->epoch->number,
        };
        epoch_commitment(s->epoch, o.epoch.commitment.bytes);
        memcpy(o.epoch.eligible.bytes, s->epoch->eligible_root, SIGN_HASH_SIZE);
        randombytes_buf(o.nonce, sizeof(o.nonce));
        return o;
}

static void store_order(Assigner *a, Website *w, const WorkOrder *o) {
        Writer *writer = a->options.writer;
        uint8_t bytes[WORK_ORDER_SIZE];
        OrderRow row = {
                .id = o->row,
                .website = w->id,
                .validator = o->validator,
                .epoch = o->order.terms->epoch,
                .type = o->order.type,
                .seat = o->order.seat,
                .n = o->order.n,
                .interval_ms = o->order.interval_ms,
                .timeout_ms = o->order.timeout_ms,
                .starts = (usec_t)o->order.start,
                .bytes = bytes,
                .n_bytes = sizeof(bytes),
                .probes = o->probe_reserved,
        };

        work_order_encode(o, bytes);
        memcpy(row.public_id, o->id.bytes, sizeof(row.public_id));
        memcpy(row.spec_hash, w->spec_hash.bytes, sizeof(row.spec_hash));
        if (!w->spec_stored)
                specification_put(writer_group_unhurried(writer), w->spec_hash.bytes, w->spec,
                                  strlen(w->spec));
        w->spec_stored = true;
        writer_add_order(writer, &row);
        if (o->order.type != ORDER_SEAT) /* a round is open, or a panel has begun */
                (void)writer_group(writer);
}

/* What it says is not in it yet. */
static int make_order(Assigner *a, Website *w, const Validator *v, const Order *order,
                      WorkOrder *ret) {
        SignScope scope = { .network = *a->options.network, .subject = v->key };
        uint8_t bytes[WORK_ORDER_SIZE];
        int r;

        *ret = (WorkOrder){ .validator = v->id,
                            .website = w,
                            .kin = &w->all_orders,
                            .probe_stored = PROBES_RESERVED, /* it is not told before the commit */
                            .probe_reserved = PROBES_RESERVED };
        r = order_encode(order, bytes, sizeof(bytes));
        if (r < 0)
                return r;
        r = order_id(&scope, bytes, sizeof(bytes), &ret->id);
        if (r < 0)
                return r;
        ret->row = order_book_take_row(a->options.book);
        return 0;
}

/* place: NULL, or empty: there is none. */
static void end_order(Assigner *a, WorkOrder **place) {
        WorkOrder *o;

        if (!place || !*place)
                return;
        o = TAKE_PTR(*place);
        o->removed = hub_clock_now(a->options.clock);
        o->probe_waits = false;
        writer_end_order(a->options.writer, &(OrderEnd){ o->row, o->removed });
        outbox_add(a->outbox, &(OutboxChange){ .order = o,
                                               .remove = true,
                                               .commit_no = writer_commit_no(a->options.writer) });
}

void assign_seat(Assigner *a, Website *w, const SiteSeat *s) {
        Validator *v = registry_find_id(a->options.registry, s->validator);
        OrderTerms terms;
        WorkOrder made, *o;
        Order order;
        int r;

        end_order(a, find_order(w, s->type, s->seat, s->validator));
        if (!v)
                return;
        order = order_of(w, s);
        r = make_order(a, w, v, &order, &made);
        if (r < 0) {
                log_event(LOG_ERR, DPIN_MSG_WEBSITE_UNCHECKABLE, "no order could be made",
                          "DPIN_WEBSITE=%s\nDPIN_REASON=%s", w->id_text, strerror(-r));
                return;
        }

        made.order = order_keep(&order, &terms);
        store_order(a, w, &made);
        made.commit_no = writer_commit_no(a->options.writer);
        o = order_book_add(a->options.book, &made);
        if (o && assign_put(w, s->type, o, s->seat) == 0)
                outbox_add(a->outbox, &(OutboxChange){ .order = o, .commit_no = made.commit_no });
}

void assign_remove(Assigner *a, Website *w, const SiteSeat *s) {
        end_order(a, find_order(w, s->type, s->seat, s->validator));
}

void assign_remove_all(Assigner *a, Website *w) {
        for (size_t i = 0; i < w->n_orders; i++)
                end_order(a, &w->orders[i]);
        for (size_t i = 0; w->panel_orders && i < PANEL_ORDERS_MAX; i++)
                end_order(a, &w->panel_orders[i]);
}

/* Probes --------------------------------------------------------------------------------------- */

static const TickKind probe_kinds[_PROBE_MAX] = {
        [PROBE_CONFIRM] = TICK_CONFIRM,
        [PROBE_REFRESH] = TICK_REFRESH,
        [PROBE_JOIN] = TICK_REFRESH,
};

/* Ahead of use, so that hardly ever a probe waits for the commit. */
static void reserve_probes(Assigner *a, WorkOrder *o) {
        if (o->probe_reserved > o->probe_stored ||
            o->probe_last + PROBES_RESERVED / 2 < o->probe_stored)
                return;
        o->probe_reserved += PROBES_RESERVED;
        writer_reserve_probes(a->options.writer, &(OrderProbes){ o->row, o->probe_reserved });
        if (outbox_add(a->reserved,
                       &(OutboxChange){ .order = o,
                                        .commit_no = writer_commit_no(a->options.writer) }) < 0)
                o->probe_reserved = o->probe_stored; /* tried again by the next probe */
}

/* A spare's order came with no orders frame: the probe brings it. bytes: room for the order's. */
static int attach_spare(Assigner *a, const WorkOrder *o, const SignScope *scope, FrameProbe *probe,
                        uint8_t bytes[static WORK_ORDER_SIZE]) {
        if (o->order.type != ORDER_SPARE)
                return 0;
        work_order_encode(o, bytes);
        probe->spare.order = (JsonBytes){ bytes, WORK_ORDER_SIZE };
        probe->spare.spec = (JsonBytes){ (uint8_t *)o->website->spec, strlen(o->website->spec) };
        return frame_spare_sign(&probe->spare, scope, a->options.key);
}

static void send_probe(Assigner *a, WorkOrder *o, Validator *v) {
        SignScope scope = { .network = *a->options.network, .subject = v->key };
        Frame frame = { .kind = FRAME_PROBE };
        FrameProbe *p = &frame.probe;
        uint8_t bytes[WORK_ORDER_SIZE];

        p->order = o->id;
        p->number = ++o->probe_last;
        p->deadline = o->probe.deadline;
        memccpy(p->reason, tick_kind_name(probe_kinds[o->probe.reason]), 0, sizeof(p->reason));
        if (attach_spare(a, o, &scope, p, bytes) < 0 ||
            frame_probe_sign(p, &scope, a->options.key) < 0)
                return;
        a->options.send(v, &frame, a->options.userdata);
}

static void try_probe(Assigner *a, WorkOrder *o) {
        Validator *v = registry_find_id(a->options.registry, o->validator);

        o->probe_waits = false;
        if (!v || !v->session || !outbox_may_send(o) ||
            !a->options.has_room(v, a->options.userdata))
                return; /* its deadline would be over before it is read */
        reserve_probes(a, o);
        if (o->probe_last < o->probe_stored)
                send_probe(a, o, v);
        else
                o->probe_waits = true; /* for a number that no hub after this one issues again */
}

static void on_reserved(uint32_t validator _unused_, const OutboxChange *changes, size_t n,
                        void *userdata) {
        Assigner *a = userdata;

        for (size_t i = 0; i < n; i++) {
                WorkOrder *o = changes[i].order;

                o->probe_stored = o->probe_reserved;
                if (o->probe_waits && o->told)
                        try_probe(a, o);
        }
}

void assign_probe(Assigner *a, Website *w, const SiteProbe *p) {
        WorkOrder **place = find_order(w, p->type, p->seat, p->validator),
                  *o = place ? *place : NULL;
        const Validator *v = registry_find_id(a->options.registry, p->validator);

        if (!o || o->validator != p->validator)
                return;
        o->probe = *p;
        o->probe_waits = !o->sent || (!o->told && v && v->session);
        if (o->told)
                try_probe(a, o);
}

/* Telling validators --------------------------------------------------------------------------- */

/* One frame that brought the order proves it: who joins again gets it in another. */
static void store_proof(Assigner *a, WorkOrder *o, const OutboxFrame *f, size_t leaf) {
        Hash path[MERKLE_PATH_MAX];
        int n = o->sent ? -EALREADY : merkle_path(f->leaves, f->n_add, leaf, path);

        o->sent = true;
        if (n < 0)
                return;
        writer_prove_order(a->options.writer,
                           &(OrderProof){
                                           .id = o->row,
                                           .root = f->root.bytes,
                                           .signature = f->frame.orders.signature.bytes,
                                           .path = (const uint8_t *)path,
                                           .n_path = (size_t)n * sizeof(*path),
                           });
}

static int send_frame(Assigner *a, Validator *v, OutboxFrame *f) {
        SignScope scope = { .network = *a->options.network, .subject = v->key };
        int r;

        f->frame.orders.base = f->frame.orders.reset ? 0 : v->revision;
        f->frame.orders.revision = ++v->revision;
        r = frame_orders_sign(&f->frame.orders, &scope, a->options.key);
        if (r < 0)
                return r;
        r = frame_orders_leaves(&f->frame.orders, &scope, f->leaves);
        if (r < 0)
                return r;
        merkle_root(f->leaves, f->n_add, &f->root);
        a->options.send(v, &f->frame, a->options.userdata);
        for (size_t i = 0; i < f->n_add; i++) {
                store_proof(a, f->added[i], f, i);
                f->added[i]->told = true;
        }
        return 0;
}

static void after_send(Assigner *a, const OutboxFrame *f) {
        for (size_t i = 0; i < f->n_add; i++)
                if (f->added[i]->probe_waits)
                        try_probe(a, f->added[i]);
}

/* As long as the validator reads. */
static void tell(Assigner *a, Validator *v) {
        _cleanup_free_ OutboxFrame *f = malloc(sizeof(*f));
        usec_t now = hub_clock_now(a->options.clock);

        while (f && a->options.has_room(v, a->options.userdata) &&
               backlog_take(a->backlog, v->id, f, now) > 0) {
                if (send_frame(a, v, f) < 0)
                        return;
                after_send(a, f);
        }
}

static void add_to_backlog(Assigner *a, Validator *v, const OutboxChange *changes, size_t n) {
        if (backlog_add(a->backlog, v->id, changes, n, hub_clock_now(a->options.clock)) < 0)
                a->options.drop(v, a->options.userdata);
        else
                tell(a, v);
}

/* Spares are stored and probed, but no orders frame brings them. */
static void ready_spare(Assigner *a, WorkOrder *o) {
        o->sent = o->told = true;
        if (o->probe_waits)
                try_probe(a, o);
}

static void on_changes(uint32_t validator, const OutboxChange *changes, size_t n, void *userdata) {
        Assigner *a = userdata;
        Validator *v = registry_find_id(a->options.registry, validator);

        for (size_t i = 0; i < n; i++)
                if (changes[i].order->order.type == ORDER_SPARE && !changes[i].remove)
                        ready_spare(a, changes[i].order);
        if (v && v->session && v->standing == STANDING_APPROVED && v->revision > 0)
                add_to_backlog(a, v, changes, n);
}

void assign_committed(Assigner *a, uint64_t commit_no) {
        outbox_take(a->reserved, commit_no, on_reserved, a);
        outbox_take(a->outbox, commit_no, on_changes, a);
}

void assign_welcome(Assigner *a, Validator *v) {
        _cleanup_free_ OutboxChange *changes = NULL;
        WorkOrder *o = NULL;
        size_t n = 0;

        v->revision = hub_clock_now(a->options.clock);
        while ((o = order_book_next_of(a->options.book, v->id, o)))
                n++;
        changes = calloc(n + 1, sizeof(*changes));
        if (!changes || backlog_begin(a->backlog, v->id, v->revision) < 0) {
                a->options.drop(v, a->options.userdata);
                return;
        }
        n = 0;
        while ((o = order_book_next_of(a->options.book, v->id, o))) {
                o->told = o->order.type == ORDER_SPARE;
                if (outbox_may_send(o) && o->commit_no <= writer_committed(a->options.writer))
                        changes[n++] = (OutboxChange){ .order = o };
        }
        add_to_backlog(a, v, changes, n);
}

void assign_drained(Assigner *a, Validator *v) {
        if (backlog_has(a->backlog, v->id))
                tell(a, v);
}

void assign_gone(Assigner *a, const Validator *v) {
        backlog_forget(a->backlog, v->id);
}

void assign_beat(Assigner *a) {
        usec_t before = hub_clock_now(a->options.clock) - ASSIGN_STUCK_MAX;
        uint32_t stuck;
        Validator *v;

        while ((stuck = backlog_stuck(a->backlog, before)) > 0) {
                backlog_forget(a->backlog, stuck);
                v = registry_find_id(a->options.registry, stuck);
                if (v && v->session)
                        a->options.drop(v, a->options.userdata);
        }
}

static bool is_to_be_told(uint32_t validator, const void *userdata) {
        const Assigner *a = userdata;

        return backlog_has(a->backlog, validator);
}

void assign_expire(Assigner *a, usec_t now) {
        order_book_expire(a->options.book, now, is_to_be_told, a);
}
