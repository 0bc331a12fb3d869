/* Two parcels of ticks before the spool: one is filled while the other is stored, on another
 * thread. What could not be stored is signed again, and tried again, before anything younger. */
#include "validator/sealer.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"

#define SHRINKS_MOST 64   /* gaps made in one go */
#define SIGNED_KEPT  4096 /* orders, of which it is known without asking what was signed */

typedef struct Parcel {
        Tick ticks[BATCH_TICKS_MAX];
        bool unasked[BATCH_TICKS_MAX]; /* whether it was signed before is still to be asked */
        uint16_t n;
} Parcel;

/* The highest number of an order, scheduled or probe, that was signed or is about to be. */
typedef struct Signed {
        OrderId order;
        bool probe, known;
        uint32_t number;
} Signed;

struct Sealer {
        SealerOptions options;
        uv_loop_t *loop; /* borrowed */
        Timer *timer;
        PublicKey network;
        bool has_network, complained;
        uint64_t incarnation, sequence; /* sequence: of the batch sealed last */
        Hash previous;
        Parcel young; /* being filled */
        Parcel old;   /* being stored, or waiting for it */
        bool storing; /* old is, just now */
        bool due;     /* young is, too, as soon as old is stored */
        uint64_t sealed, refused;
        Signed latest[SIGNED_KEPT]; /* by hash; what has no place is in the spool */
        /* Of what is being stored. */
        Hash hash;
        SpoolProgress progress[BATCH_TICKS_MAX];
        uint8_t frame[BATCH_FRAME_MAX];
};

/* Waits for what is being stored. */
static void settle(Sealer *s) {
        while (s->storing)
                spool_settle(s->options.spool);
}

void sealer_renew(Sealer *s) {
        uint64_t incarnation;

        settle(s);
        do {
                randombytes_buf(&incarnation, sizeof(incarnation));
                incarnation &= INT64_MAX;
        } while (incarnation == 0);
        s->incarnation = incarnation;
        s->sequence = 0;
        s->previous = (Hash){ 0 };
}

static void on_timer(void *userdata);

int sealer_new(Sealer **ret, uv_loop_t *loop, const SealerOptions *options) {
        _cleanup_(sealer_freep) Sealer *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->options = *options;
        s->loop = loop;
        sealer_renew(s);

        r = timer_new(&s->timer, loop, on_timer, s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

Sealer *sealer_free(Sealer *s) {
        if (!s)
                return NULL;
        s->due = false;
        s->options.sealed = NULL;
        settle(s);
        timer_free(s->timer);
        free(s);
        return NULL;
}

void sealer_set_network(Sealer *s, const PublicKey *network) {
        s->network = *network;
        s->has_network = true;
}

static BatchHeader header_of(const Sealer *s, uint16_t flags, uint16_t count) {
        usec_t boottime = now_boottime();
        usec_t now = hub_time_at(s->options.hub_time, boottime);

        return (BatchHeader){
                .type = BATCH_TICKS,
                .flags = (uint16_t)(flags | (s->options.hub_time->synced ? 0 : BATCH_UNSYNCED)),
                .incarnation = s->incarnation,
                .sequence = s->sequence + 1,
                .previous = s->previous,
                .created = (int64_t)now,
                .clock_offset = hub_time_clock_offset(s->options.hub_time, boottime,
                                                      now_realtime()),
                .count = count,
        };
}

/* Signs a batch for the end of the live stream, with what it makes unrepeatable. */
static int prepare(Sealer *s, const Tick *ticks, uint16_t count, uint16_t flags, SpoolPut *ret) {
        BatchDraft draft = { .header = header_of(s, flags, count), .ticks = ticks };
        int n;

        randombytes_buf(draft.secret, sizeof(draft.secret));
        n = batch_seal(&draft, s->options.key, &s->network, s->frame, &s->hash);
        if (n < 0)
                return n;
        for (uint16_t i = 0; i < count; i++)
                s->progress[i] = (SpoolProgress){ ticks[i].order, ticks[i].kind != TICK_SCHEDULED,
                                                  ticks[i].number };
        *ret = (SpoolPut){ .batch = { .incarnation = s->incarnation,
                                      .sequence = s->sequence + 1,
                                      .hash = s->hash,
                                      .created = (usec_t)draft.header.created,
                                      .count = count,
                                      .frame = s->frame,
                                      .n = (size_t)n },
                           .progress = s->progress,
                           .n = count };
        failpoint("validator-unspooled"); /* checked and signed, and not durable */
        return 0;
}

/* What was prepared is stored: the stream goes on from it. */
static void advance(Sealer *s, uint16_t count) {
        failpoint("validator-spooled");
        s->sequence++;
        s->previous = s->hash;
        s->sealed += count;
}

/* The bounded spool gives up its oldest batches, and says so. */
static void shrink(Sealer *s) {
        BatchDraft draft;
        SpoolDropped d;
        Hash hash;
        int n;

        for (int i = 0; i < SHRINKS_MOST && spool_shrink(s->options.spool, &d) > 0; i++) {
                draft = (BatchDraft){ .header = header_of(s, 0, 0), .gap = { d.from, d.ticks } };
                draft.header.type = BATCH_GAP;
                draft.header.flags = 0;
                draft.header.incarnation = d.incarnation;
                draft.header.sequence = d.to;
                draft.header.previous = d.hash;
                n = batch_seal(&draft, s->options.key, &s->network, s->frame, &hash);
                if (n < 0 || spool_put_gap(s->options.spool, &d, s->frame, (size_t)n) < 0)
                        return;
                log_event(LOG_WARNING, DPIN_MSG_SPOOL_LOST,
                          "the spool is full: its oldest batches were dropped", "DPIN_TICKS=%u",
                          d.ticks);
        }
}

static void complain(Sealer *s, int r) {
        if (!s->complained)
                log_event(LOG_ERR, DPIN_MSG_SPOOL_FULL,
                          "ticks cannot be stored: they wait in memory", "DPIN_ERROR=%s",
                          strerror(-r));
        s->complained = true;
}

static Signed *place_of(Sealer *s, const Tick *tick) {
        bool probe = tick->kind != TICK_SCHEDULED;
        size_t at;

        memcpy(&at, tick->order.bytes + sizeof(tick->order.bytes) - sizeof(at), sizeof(at));
        return &s->latest[(2 * at + probe) % SIGNED_KEPT];
}

static bool is_of(const Signed *x, const Tick *tick) {
        return x->known && x->probe == (tick->kind != TICK_SCHEDULED) &&
               memcmp(&x->order, &tick->order, sizeof(x->order)) == 0;
}

static bool is_spooled(Sealer *s, const Tick *tick) {
        return spool_progress(s->options.spool, &tick->order, tick->kind != TICK_SCHEDULED) >=
               tick->number;
}

static void remember(Sealer *s, const Tick *tick) {
        Signed *x = place_of(s, tick);

        if (!is_of(x, tick) || x->number < tick->number)
                *x = (Signed){ tick->order, tick->kind != TICK_SCHEDULED, true, tick->number };
}

/* What was signed before leaves the parcel. */
static void ask(Sealer *s, Parcel *p) {
        uint16_t kept = 0;

        for (uint16_t i = 0; i < p->n; i++) {
                if (p->unasked[i] && is_spooled(s, &p->ticks[i])) {
                        log_debug("a tick is not sealed: it was signed before");
                        continue;
                }
                if (p->unasked[i])
                        remember(s, &p->ticks[i]);
                p->unasked[i] = false;
                if (kept < i)
                        p->ticks[kept] = p->ticks[i];
                kept++;
        }
        p->n = kept;
}

static int store(Sealer *s);

static void on_stored(int r, void *userdata) {
        Sealer *s = userdata;

        s->storing = false;
        if (r < 0) {
                complain(s, r);
                timer_after(s->timer, USEC_PER_SEC);
                return;
        }
        advance(s, s->old.n);
        s->complained = false;
        s->old.n = 0;
        shrink(s);
        if (s->options.sealed)
                s->options.sealed(s->options.userdata);
        if (s->due && !s->storing)
                (void)store(s);
}

/* Begins to store what there is, the older first: 0, or why it cannot be. */
static int store(Sealer *s) {
        SpoolPut put;
        int r;

        if (s->storing) {
                s->due = true;
                return 0;
        }
        s->due = s->old.n > 0 && s->young.n > 0;
        if (s->old.n == 0) {
                s->old = s->young;
                s->young.n = 0;
                timer_stop(s->timer);
                ask(s, &s->old);
        }
        if (s->old.n == 0)
                return 0;
        r = prepare(s, s->old.ticks, s->old.n, 0, &put);
        if (r >= 0)
                r = spool_put_later(s->options.spool, s->loop, &put, on_stored, s);
        if (r < 0) {
                complain(s, r);
                timer_after(s->timer, USEC_PER_SEC);
        }
        s->storing = r >= 0;
        return r;
}

int sealer_flush(Sealer *s) {
        int r;

        settle(s);
        if (s->young.n + s->old.n == 0)
                return 0;
        if (!s->has_network)
                return -EAGAIN;
        while (s->young.n + s->old.n > 0) {
                r = store(s);
                settle(s);
                if (r < 0 || s->old.n > 0)
                        return r < 0 ? r : -EIO;
        }
        return 0;
}

/* Nothing is stored for a network that is not known yet: it waits. */
static void on_timer(void *userdata) {
        Sealer *s = userdata;

        if (s->has_network)
                (void)store(s);
        else
                timer_after(s->timer, USEC_PER_SEC);
}

/* Whatever is due sooner stays. A disk that fails is tried again in its own time. */
static void seal_within(Sealer *s, usec_t delay) {
        if (timer_is_set(s->timer) && (s->complained || timer_left(s->timer) <= delay))
                return;
        timer_after(s->timer, delay);
}

static bool is_within(const Parcel *p, const Tick *tick) {
        bool probe = tick->kind != TICK_SCHEDULED;

        for (uint16_t i = 0; i < p->n; i++)
                if (memcmp(&p->ticks[i].order, &tick->order, sizeof(tick->order)) == 0 &&
                    (p->ticks[i].kind != TICK_SCHEDULED) == probe &&
                    p->ticks[i].number >= tick->number)
                        return true;
        return false;
}

/* A second tick of one number would be equivocation, in one stream or over a restart. While a batch
 * is stored whoever asks the spool waits for the disk, and with it all checks that are under way.
 */
static bool is_signed(Sealer *s, const Tick *tick, bool *ret_unasked) {
        const Signed *x = place_of(s, tick);

        *ret_unasked = false;
        if (is_of(x, tick))
                return x->number >= tick->number;
        if (is_within(&s->young, tick) || is_within(&s->old, tick))
                return true;
        *ret_unasked = s->storing;
        return !s->storing && is_spooled(s, tick);
}

static void append(Sealer *s, const Tick *tick, bool unasked) {
        if (!unasked)
                remember(s, tick);
        s->young.unasked[s->young.n] = unasked;
        s->young.ticks[s->young.n++] = *tick;
}

/* For one more: waits for what is being stored, if it has to. */
static bool make_room(Sealer *s) {
        if (s->young.n == BATCH_TICKS_MAX && s->has_network) {
                settle(s);
                if (s->young.n == BATCH_TICKS_MAX && store(s) >= 0)
                        settle(s);
        }
        return s->young.n < BATCH_TICKS_MAX;
}

/* What is only a vote that was asked for anew goes with others when they are on their way. */
static usec_t delay_of(const Sealer *s, const Tick *tick, bool urgent) {
        bool news = tick->kind != TICK_REFRESH || tick->outcome != TICK_UP;

        return urgent && (news || s->young.n == 1) ? SEALER_URGENT : SEALER_DELAY;
}

int sealer_add(Sealer *s, const Tick *tick, bool urgent) {
        uint8_t bytes[TICK_SIZE_MAX];
        bool unasked;

        if (tick_encode(tick, bytes) < 0)
                return -EINVAL;
        if (is_signed(s, tick, &unasked))
                return -EALREADY;
        if (!make_room(s)) {
                s->refused++;
                return -ENOBUFS;
        }
        append(s, tick, unasked);
        if (s->young.n == BATCH_TICKS_MAX && s->has_network && !s->complained)
                (void)store(s);
        else
                seal_within(s, delay_of(s, tick, urgent));
        return 0;
}

/* Forks and gaps ------------------------------------------------------------------------------- */

typedef struct Reseal {
        Sealer *sealer;
        uint64_t done; /* sequence of the last batch that is in the new stream */
        int r;
} Reseal;

static int reseal(Sealer *s, const Tick *ticks, uint16_t count, uint16_t flags) {
        SpoolPut put;
        int r;

        r = prepare(s, ticks, count, flags, &put);
        if (r >= 0)
                r = spool_put(s->options.spool, &put.batch, put.progress, put.n);
        if (r >= 0)
                advance(s, count);
        return r;
}

static void on_reseal(const SpoolBatch *b, void *userdata) {
        Reseal *x = userdata;
        _cleanup_(batch_freep) Batch *batch = NULL;
        uint16_t flags = BATCH_RESEALED;

        x->r = batch_parse(b->frame, b->n, &batch);
        if (x->r == -ENOMEM)
                return;
        if (x->r >= 0 && batch->header.count > 0) {
                flags |= batch->header.flags & BATCH_UNSYNCED;
                x->r = reseal(x->sealer, batch->ticks, batch->header.count, flags);
                if (x->r < 0)
                        return;
        }
        x->r = 0; /* a gap, or what the disk spoiled, goes */
        x->done = b->sequence;
}

int sealer_reseal(Sealer *s, uint64_t incarnation, unsigned most) {
        Reseal x = { .sealer = s };
        int n = 0, r = 1;

        settle(s);
        if (incarnation == s->incarnation)
                sealer_renew(s);
        while (n < (int)most && r > 0 && x.r >= 0) {
                r = spool_next(s->options.spool, incarnation, x.done, on_reseal, &x);
                n += r > 0 && x.r >= 0;
        }
        r = r < 0 ? r : x.r;
        if (x.done > 0 && spool_drop(s->options.spool, incarnation, x.done) < 0)
                log_debug("a forked stream stays in the spool: the hub will say so again");
        return r < 0 ? r : n;
}

/* Up to the batch, or through the gap that is there. */
int sealer_gap_before(Sealer *s, const SpoolBatch *batch, uint64_t from,
                      uint8_t ret[static BATCH_FRAME_MAX]) {
        _cleanup_(batch_freep) Batch *first = NULL;
        BatchDraft draft;
        Hash hash;
        int r;

        r = batch_parse(batch->frame, batch->n, &first);
        if (r < 0)
                return r;
        draft = (BatchDraft){ .header = header_of(s, 0, 0), .gap = { from, first->gap.lost } };
        draft.header.type = BATCH_GAP;
        draft.header.flags = 0;
        draft.header.incarnation = batch->incarnation;
        draft.header.sequence = batch->sequence - (first->header.type == BATCH_TICKS);
        draft.header.previous = first->header.previous;
        return batch_seal(&draft, s->options.key, &s->network, ret, &hash);
}

uint64_t sealer_incarnation(const Sealer *s) {
        return s->incarnation;
}

uint64_t sealer_ticks(const Sealer *s) {
        return s->sealed;
}

uint64_t sealer_refused(const Sealer *s) {
        return s->refused;
}
