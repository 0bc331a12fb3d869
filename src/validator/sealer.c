/* A buffer of ticks before the spool. */
#include "validator/sealer.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"

#define SHRINKS_MOST 64 /* gaps made in one go */

struct Sealer {
        SealerOptions options;
        Timer *timer;
        PublicKey network;
        bool has_network, complained;
        uint64_t incarnation, sequence; /* sequence: of the batch sealed last */
        Hash previous;
        Tick ticks[BATCH_TICKS_MAX];
        uint16_t n;
        uint64_t sealed, refused;
        uint8_t frame[BATCH_FRAME_MAX];
};

void sealer_renew(Sealer *s) {
        uint64_t incarnation;

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

/* Signs a batch at the end of the live stream and stores it with what it makes unrepeatable. */
static int seal(Sealer *s, const Tick *ticks, uint16_t count, uint16_t flags) {
        SpoolProgress progress[BATCH_TICKS_MAX];
        BatchDraft draft = { .header = header_of(s, flags, count), .ticks = ticks };
        SpoolBatch batch;
        Hash hash;
        int n, r;

        randombytes_buf(draft.secret, sizeof(draft.secret));
        n = batch_seal(&draft, s->options.key, &s->network, s->frame, &hash);
        if (n < 0)
                return n;
        for (uint16_t i = 0; i < count; i++)
                progress[i] = (SpoolProgress){ ticks[i].order, ticks[i].kind != TICK_SCHEDULED,
                                               ticks[i].number };

        batch = (SpoolBatch){
                .incarnation = s->incarnation,
                .sequence = s->sequence + 1,
                .hash = hash,
                .created = (usec_t)draft.header.created,
                .count = count,
                .frame = s->frame,
                .n = (size_t)n,
        };
        failpoint("validator-unspooled"); /* checked and signed, and not durable */
        r = spool_put(s->options.spool, &batch, progress, count);
        if (r < 0)
                return r;
        failpoint("validator-spooled");
        s->sequence++;
        s->previous = hash;
        s->sealed += count;
        return 0;
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

int sealer_flush(Sealer *s) {
        int r;

        timer_stop(s->timer);
        if (s->n == 0)
                return 0;
        if (!s->has_network)
                return -EAGAIN;
        r = seal(s, s->ticks, s->n, 0);
        if (r < 0) {
                if (!s->complained)
                        log_event(LOG_ERR, DPIN_MSG_SPOOL_FULL,
                                  "ticks cannot be stored: they wait in memory", "DPIN_ERROR=%s",
                                  strerror(-r));
                s->complained = true;
                return r;
        }
        s->complained = false;
        s->n = 0;
        shrink(s);
        s->options.sealed(s->options.userdata);
        return 0;
}

static void flush_or_retry(Sealer *s) {
        if (sealer_flush(s) < 0)
                timer_after(s->timer, USEC_PER_SEC);
}

static void on_timer(void *userdata) {
        flush_or_retry(userdata);
}

/* Whatever is due sooner stays. A disk that fails is tried again in its own time. */
static void seal_within(Sealer *s, usec_t delay) {
        if (timer_is_set(s->timer) && (s->complained || timer_left(s->timer) <= delay))
                return;
        timer_after(s->timer, delay);
}

static bool is_before(const Tick *earlier, const Tick *tick) {
        return memcmp(&earlier->order, &tick->order, sizeof(tick->order)) == 0 &&
               (earlier->kind == TICK_SCHEDULED) == (tick->kind == TICK_SCHEDULED) &&
               earlier->number >= tick->number;
}

/* A second tick of one number would be equivocation, in one stream or over a restart. */
static bool is_signed(const Sealer *s, const Tick *tick) {
        bool probe = tick->kind != TICK_SCHEDULED;

        for (uint16_t i = 0; i < s->n; i++)
                if (is_before(&s->ticks[i], tick))
                        return true;
        return spool_progress(s->options.spool, &tick->order, probe) >= tick->number;
}

int sealer_add(Sealer *s, const Tick *tick, bool urgent) {
        uint8_t bytes[TICK_SIZE_MAX];

        if (tick_encode(tick, bytes) < 0)
                return -EINVAL;
        if (is_signed(s, tick))
                return -EALREADY;
        if (s->n == BATCH_TICKS_MAX && sealer_flush(s) < 0) {
                s->refused++;
                return -ENOBUFS;
        }
        s->ticks[s->n++] = *tick;
        if (s->n == BATCH_TICKS_MAX)
                flush_or_retry(s);
        else
                seal_within(s, urgent ? SEALER_URGENT : SEALER_DELAY);
        return 0;
}

/* Forks and gaps ------------------------------------------------------------------------------- */

typedef struct Reseal {
        Sealer *sealer;
        uint64_t done; /* sequence of the last batch that is in the new stream */
        int r;
} Reseal;

static void on_reseal(const SpoolBatch *b, void *userdata) {
        Reseal *x = userdata;
        _cleanup_(batch_freep) Batch *batch = NULL;
        uint16_t flags = BATCH_RESEALED;

        x->r = batch_parse(b->frame, b->n, &batch);
        if (x->r == -ENOMEM)
                return;
        if (x->r >= 0 && batch->header.count > 0) {
                flags |= batch->header.flags & BATCH_UNSYNCED;
                x->r = seal(x->sealer, batch->ticks, batch->header.count, flags);
                if (x->r < 0)
                        return;
        }
        x->r = 0; /* a gap, or what the disk spoiled, goes */
        x->done = b->sequence;
}

int sealer_reseal(Sealer *s, uint64_t incarnation, unsigned most) {
        Reseal x = { .sealer = s };
        int n = 0, r = 1;

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
