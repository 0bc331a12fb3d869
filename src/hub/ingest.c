/* Length, structure, room, signature, stream; then tick by tick. Batches found again and resealed
 * ones ask the database first. */
#include "hub/ingest.h"

#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/dispose.h"
#include "hub/lookup.h"
#include "hub/recall.h"
#include "hub/session.h"
#include "store/batches.h"
#include "store/streams.h"

/* Since when an order may have been removed of which a tick is not expired: it started two
 * intervals after that at most. */
#define ORDERS_ASKED (DISPOSE_LIFE + 2 * ORDER_INTERVAL_MAX_MS * USEC_PER_MSEC)

struct Ingest {
        IngestOptions options;
        IngestCounters counters;
        uint64_t batch_id;
        Lookups *lookups;
};

const IngestCounters *ingest_counters(const Ingest *i) {
        return &i->counters;
}

static void notify(Ingest *i, Validator *v, Code code, const BatchHeader *h, uint64_t sequence) {
        Frame f = { .kind = FRAME_NOTICE };

        memccpy(f.notice.code, code_name(code), 0, sizeof(f.notice.code));
        if (h) {
                f.notice.incarnation = h->incarnation;
                f.notice.sequence = sequence;
        }
        i->counters.refused++;
        if (v->session)
                i->options.send(v, &f, i->options.userdata);
}

/* A batch that is not taken in, and why. Of each kind and source one is logged a minute. */
static void refuse(Ingest *i, Validator *v, Code code, const BatchHeader *h, uint64_t sequence) {
        bool fork = code == CODE_FORK;

        if (v->session && session_note(v->session, code_name(code)))
                log_event(fork ? LOG_WARNING : LOG_INFO,
                          fork ? DPIN_MSG_STREAM_FORK : DPIN_MSG_FRAME_REFUSED,
                          fork ? "stream fork: a batch contradicts what was taken in before"
                               : "a batch is not taken in",
                          "DPIN_VALIDATOR=%s\nDPIN_REASON=%s", v->key_text, code_name(code));
        notify(i, v, code, h, sequence);
}

/* Taking a batch in ---------------------------------------------------------------------------- */

static void store_batch(Ingest *i, const Validator *v, const Batch *b, const uint8_t *codes,
                        usec_t now) {
        BatchRow row = {
                .id = i->batch_id,
                .validator = v->id,
                .incarnation = b->header.incarnation,
                .sequence = b->header.sequence,
                .frame = b->frame,
                .n_frame = b->frame_size,
                .codes = codes,
                .n_codes = b->header.count,
                .created = (usec_t)b->header.created,
                .arrived = now,
                .unsynced = b->header.flags & BATCH_UNSYNCED,
                .commit_no = writer_commit_no(i->options.writer),
        };

        memcpy(row.hash, b->hash.bytes, sizeof(row.hash));
        writer_add_batch(i->options.writer, &row);
}

/* What the position becomes: a gap moves it to the hash it names. */
static const Hash *position_hash(const Batch *b) {
        return b->header.type == BATCH_GAP ? &b->header.previous : &b->hash;
}

static uint64_t first_of(const Batch *b) {
        return b->header.type == BATCH_GAP ? b->gap.from : b->header.sequence;
}

static int move_stream(Ingest *i, Validator *v, const Batch *b, usec_t now) {
        const Stream *s = stream_table_find(v->streams, b->header.incarnation);
        StreamMove move = {
                .from = s ? s->last : 0,
                .to = { .validator = v->id,
                        .incarnation = b->header.incarnation,
                        .last_seq = b->header.sequence,
                        .resealed = b->header.flags & BATCH_RESEALED },
        };

        memcpy(move.to.last_hash, position_hash(b)->bytes, sizeof(move.to.last_hash));
        writer_add_move(i->options.writer, &move);
        return stream_table_move(v->streams, b->header.incarnation, b->header.sequence,
                                 position_hash(b), now);
}

/* codes: of its ticks, NULL for none. */
static AckBatch ack_of(const Validator *v, const Batch *b, const uint8_t *codes, usec_t arrival) {
        return (AckBatch){
                .validator = v->id,
                .incarnation = b->header.incarnation,
                .from = first_of(b),
                .to = b->header.sequence,
                .hash = *position_hash(b),
                .arrival = arrival,
                .codes = codes,
                .n_codes = codes ? b->header.count : 0,
        };
}

static int owe_ack(Ingest *i, const Validator *v, const Batch *b, const uint8_t *codes,
                   usec_t now) {
        AckBatch ack = ack_of(v, b, codes, now);

        ack.commit_no = writer_commit_no(i->options.writer);
        return acks_add(i->options.acks, &ack);
}

#define FETCH_STEPS MAX(BOARD_FETCH_STEPS, 1 + WRITER_FETCH_STEPS)

/* One batch while it is taken in. */
typedef struct Taking {
        const Validator *validator;
        const Batch *batch;
        DisposeTime when;
        WorkOrder *orders[BATCH_TICKS_MAX]; /* of its ticks; NULL: unknown */
        uint8_t codes[BATCH_TICKS_MAX];
} Taking;

static void store_tick(Ingest *i, const Taking *t, uint16_t index) {
        const WorkOrder *o = t->orders[index];

        writer_add_tick(i->options.writer,
                        &(TickRow){
                                        .website = o->website->id,
                                        .validator = t->validator->id,
                                        .order = o->row,
                                        .batch = i->batch_id,
                                        .late = t->codes[index] == DISPOSITION_LATE,
                                        .tick = t->batch->ticks[index],
                        });
}

static SiteVoter voter_of(const WorkOrder *o) {
        return (SiteVoter){ o->validator, o->order.seat, o->order.type == ORDER_PANEL };
}

/* One tick: its disposition, its row, its vote. */
static void take_tick(Ingest *i, Taking *t, uint16_t index) {
        const Tick *tick = &t->batch->ticks[index];
        WorkOrder *o = t->orders[index];
        bool votes;
        Vote vote;

        t->codes[index] = dispose_tick(o, t->validator->id, tick, &t->when, &votes);
        if (t->codes[index] != DISPOSITION_ACCEPTED && t->codes[index] != DISPOSITION_LATE)
                return;
        if (!o->website) {
                t->codes[index] = DISPOSITION_UNASSIGNED;
                return;
        }
        store_tick(i, t, index);
        if (votes && o->removed == 0) {
                vote = dispose_vote(tick, t->when.now);
                board_vote(o->website, voter_of(o), &vote, t->when.now);
        }
}

/* A website's number is with it, which the first step fetches. */
static void fetch_one(const Ingest *i, const WorkOrder *o, unsigned step) {
        if (step < BOARD_FETCH_STEPS)
                board_fetch(o->website, step, o->order.seat);
        if (step > 0)
                writer_fetch(i->options.writer, o->website->id, step - 1);
}

/* Orders, then what their votes will meet: each step's memory is on its way while the step before
 * is made for the other ticks. */
static void fetch(const Ingest *i, Taking *t) {
        uint16_t n = t->batch->header.count;

        order_book_find_all(i->options.book, t->batch->ticks, n, t->orders);
        for (unsigned step = 0; step < FETCH_STEPS; step++)
                for (uint16_t k = 0; k < n; k++)
                        if (t->orders[k] && t->orders[k]->website)
                                fetch_one(i, t->orders[k], step);
}

/* For people: nothing is dated by it. */
static void note_clock(Validator *v, const Batch *b) {
        int64_t offset = b->header.clock_offset;

        if (b->header.flags & BATCH_UNSYNCED)
                return;
        v->clock_offset = offset;
        if (offset <= BATCH_CLOCK_OFFSET_MAX && offset >= -BATCH_CLOCK_OFFSET_MAX) {
                v->clock_off = false;
                return;
        }
        if (!v->clock_off && v->session && session_note(v->session, "clock_off"))
                log_event(LOG_WARNING, DPIN_MSG_CLOCK_OFF, "a validator's clock is not the hub's",
                          "DPIN_VALIDATOR=%s\nDPIN_OFFSET=%lld", v->key_text,
                          (long long)(offset / (int64_t)USEC_PER_MSEC));
        v->clock_off = true;
}

static void take(Ingest *i, Validator *v, const Batch *b, usec_t now) {
        Taking t; /* too large to be cleared for nothing */

        note_clock(v, b);
        t.validator = v;
        t.batch = b;
        t.when = (DisposeTime){ .now = now, .unsynced = b->header.flags & BATCH_UNSYNCED };
        i->batch_id++;
        i->counters.batches++;
        i->counters.ticks += b->header.count;
        fetch(i, &t);
        writer_expect_ticks(i->options.writer, now);
        for (uint16_t k = 0; k < b->header.count; k++)
                take_tick(i, &t, k);
        store_batch(i, v, b, t.codes, now);
        if (move_stream(i, v, b, now) < 0 || owe_ack(i, v, b, t.codes, now) < 0)
                log_warning("a batch of %s is taken in without an ack", v->key_text);
}

/* What the database answers ---------------------------------------------------------------------
 */

/* A gap is also known by the batch it ends at, whether that came or an earlier gap told of it: a
 * gap is sealed anew each time. */
static bool is_known(const Validator *v, const Batch *b, const BatchRow *stored) {
        const Stream *s = stream_table_find(v->streams, b->header.incarnation);

        if (stored && memcmp(stored->hash, b->hash.bytes, sizeof(stored->hash)) == 0)
                return true;
        if (b->header.type != BATCH_GAP)
                return false;
        if (stored && memcmp(stored->hash, b->header.previous.bytes, sizeof(stored->hash)) == 0)
                return true;
        return s && s->last == b->header.sequence && hash_equal(&s->hash, &b->header.previous);
}

/* Sent again: equal to what is stored, it is acked again by its own hash; else the stream has
 * forked. */
static void answer_seen(Ingest *i, Validator *v, const Batch *b, const BatchRow *stored,
                        usec_t now) {
        AckBatch ack = ack_of(v, b, NULL, stored ? stored->arrived : now);

        if (!is_known(v, b, stored)) {
                refuse(i, v, CODE_FORK, &b->header, b->header.sequence);
                return;
        }
        i->counters.repeated++;
        ack.commit_no = stored ? stored->commit_no : 0;
        if (stored && b->header.type == BATCH_TICKS) {
                ack.codes = stored->codes;
                ack.n_codes = (uint16_t)stored->n_codes;
        }
        (void)acks_repeat(i->options.acks, &ack, now);
}

static void on_batch_found(const PublicKey *validator, const Batch *b, const BatchRow *stored,
                           void *userdata) {
        Ingest *i = userdata;
        Validator *v = registry_find(i->options.registry, validator);

        if (v && v->session)
                answer_seen(i, v, b, stored, hub_clock_now(i->options.clock));
}

static int answer(Ingest *i, Validator *v, Batch **b, usec_t now, bool orders_known);

/* r: of learning the answer. It may have joined again meanwhile, and a receipt moved the stream. */
static void go_on(Ingest *i, const PublicKey *validator, Batch **b, int r, bool orders_known) {
        Validator *v = registry_find(i->options.registry, validator);

        if (!v || !v->streams)
                return;
        if (r < 0)
                refuse(i, v, CODE_TOO_FAST, &(*b)->header, (*b)->header.sequence);
        else
                (void)answer(i, v, b, hub_clock_now(i->options.clock), orders_known);
}

/* What is not in the book now is of nobody. */
static void on_orders_found(const PublicKey *validator, Batch **b, const LookupOrders *found,
                            void *userdata) {
        Ingest *i = userdata;
        usec_t now = hub_clock_now(i->options.clock);

        go_on(i, validator, b, recall_orders(i->options.book, i->options.board, found, now), true);
}

/* Who sends a tick again in another batch was restored from a backup, sealed it anew, or is not
 * honest: what is stored already becomes a duplicate. There may be more to ask. */
static void on_ticks_found(const PublicKey *validator, Batch **b, const LookupTicks *found,
                           void *userdata) {
        Ingest *i = userdata;

        go_on(i, validator, b, recall_learn(i->options.book, found), false);
}

/* A frame arrives ------------------------------------------------------------------------------ */

/* A batch created more than a day ago moves no stream: receipted as expired, nothing stored. A gap
 * is sealed when it is sent, so an old one is no different from others. */
static bool is_expired(const Batch *b, usec_t now) {
        return b->header.type == BATCH_TICKS && (usec_t)b->header.created + USEC_PER_DAY < now;
}

static int answer_expired(Ingest *i, Validator *v, const Batch *b, usec_t now) {
        uint8_t codes[BATCH_TICKS_MAX];
        AckBatch ack;

        memset(codes, DISPOSITION_EXPIRED, b->header.count);
        ack = ack_of(v, b, codes, now);
        return acks_repeat(i->options.acks, &ack, now);
}

/* 1: asked; 0: there is nothing to ask. */
static int ask_orders(Ingest *i, const Validator *v, Batch **b, usec_t now) {
        OrderId ids[BATCH_TICKS_MAX];
        OrdersNamed named = { v->id, ids, recall_missing(i->options.book, *b, now, ids),
                              now - MIN(now, ORDERS_ASKED) };
        int r;

        if (named.n == 0)
                return 0;
        recall_hold(i->options.book, *b, now);
        r = lookups_orders(i->lookups, &v->key, &named, b);
        return r < 0 ? r : 1;
}

static int ask_ticks(Ingest *i, const Validator *v, Batch **b, usec_t now) {
        TickQuestion questions[RECALL_ORDERS_MAX];
        TickQuestions q = { v->id, questions,
                            recall_ask(i->options.book, v->id, *b, now, questions) };
        int r;

        if (q.n == 0)
                return 0;
        recall_hold(i->options.book, *b, now);
        r = lookups_ticks(i->lookups, &v->key, &q, b);
        return r < 0 ? r : 1;
}

static int take_or_ask(Ingest *i, Validator *v, Batch **b, usec_t now, bool orders_known) {
        int r = 0;

        if (writer_is_full(i->options.writer))
                return -ENOBUFS;
        if (!orders_known)
                r = ask_orders(i, v, b, now);
        if (r == 0)
                r = ask_ticks(i, v, b, now);
        if (r == 0)
                take(i, v, *b, now);
        return r < 0 ? r : 0;
}

static int act(Ingest *i, Validator *v, Batch **b, usec_t now, bool orders_known) {
        const BatchHeader *h = &(*b)->header;

        switch (stream_table_step(v->streams, *b, now)) {
        case STREAM_TAKE:
                return take_or_ask(i, v, b, now, orders_known);
        case STREAM_SEEN:
                return lookups_batch(i->lookups, &v->key, v->id, b);
        case STREAM_WAITING:
                return 0;
        case STREAM_AHEAD:
                refuse(i, v, CODE_SEQUENCE, h, stream_table_expected(v->streams, h->incarnation));
                return 0;
        case STREAM_FORK:
                refuse(i, v, CODE_FORK, h, h->sequence);
                return 0;
        case STREAM_TOO_MANY:
                refuse(i, v, CODE_TOO_MANY_STREAMS, h, h->sequence);
                return 0;
        }
        return 0;
}

/* orders_known: the database was asked for them already. */
static int answer(Ingest *i, Validator *v, Batch **b, usec_t now, bool orders_known) {
        int r;

        r = is_expired(*b, now) ? answer_expired(i, v, *b, now) : act(i, v, b, now, orders_known);
        if (r == -ENOBUFS && *b)
                refuse(i, v, CODE_TOO_FAST, &(*b)->header, (*b)->header.sequence);
        return r == -ENOBUFS ? 0 : r;
}

static void on_lookup_failed(const PublicKey *validator, const Batch *b, void *userdata) {
        Ingest *i = userdata;
        Validator *v = registry_find(i->options.registry, validator);

        if (v)
                refuse(i, v, CODE_TOO_FAST, &b->header, b->header.sequence);
}

static void on_turn(const PublicKey *validator, Batch **b, void *userdata) {
        Ingest *i = userdata;
        Validator *v = registry_find(i->options.registry, validator);

        if (v && v->streams)
                (void)answer(i, v, b, hub_clock_now(i->options.clock), false);
}

/* Most of what a batch costs is its signature: where there is no room for it, that is not looked
 * at. What is sent again could otherwise keep the hub from making room. true: it was answered. */
static bool finds_no_room(Ingest *i, Validator *v, const Batch *b, usec_t now) {
        const BatchHeader *h = &b->header;

        if (!writer_is_full(i->options.writer))
                return false;
        switch (stream_table_step(v->streams, b, now)) {
        case STREAM_TAKE:
                refuse(i, v, CODE_TOO_FAST, h, h->sequence);
                return true;
        case STREAM_AHEAD:
                refuse(i, v, CODE_SEQUENCE, h, stream_table_expected(v->streams, h->incarnation));
                return true;
        default:
                return false;
        }
}

int ingest_frame(Ingest *i, Validator *v, const void *data, size_t n) {
        SignScope scope = { .network = *i->options.network, .subject = v->key };
        _cleanup_(batch_freep) Batch *b = NULL;
        usec_t now = hub_clock_now(i->options.clock);
        int r;

        r = batch_parse(data, n, &b);
        if (r >= 0 && finds_no_room(i, v, b, now))
                return 0;
        if (r >= 0)
                r = batch_verify(b, &scope);
        if (r < 0) {
                notify(i, v, CODE_BAD_BATCH, NULL, 0);
                return r == -ENOMEM ? r : -EBADMSG;
        }

        r = lookups_wait(i->lookups, &v->key, &b);
        if (r == -ENOBUFS)
                refuse(i, v, CODE_TOO_FAST, &b->header, b->header.sequence);
        return r == 0 ? answer(i, v, &b, now, false) : 0;
}

/* Life ----------------------------------------------------------------------------------------- */

int ingest_new(Ingest **ret, const IngestOptions *options) {
        _cleanup_(ingest_freep) Ingest *i = calloc(1, sizeof(*i));
        LookupOps ops = { on_batch_found,   on_ticks_found, on_orders_found,
                          on_lookup_failed, on_turn,        i };
        int r;

        if (!i)
                return -ENOMEM;
        i->options = *options;
        i->batch_id = options->batch_max;
        r = lookups_new(&i->lookups, options->store, &ops);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(i);
        return 0;
}

Ingest *ingest_free(Ingest *i) {
        if (!i)
                return NULL;
        lookups_free(i->lookups);
        free(i);
        return NULL;
}
