/* A queue in commit order; runs of one stream become one receipt. */
#include "hub/acks.h"

#include <errno.h>
#include <string.h>

typedef struct Waiting {
        AckBatch batch; /* codes points into own[] */
        struct Waiting *next;
        uint8_t own[];
} Waiting;

/* A receipt in the making. */
typedef struct Run {
        const Waiting *begin;
        size_t n, n_exceptions;
        Receipt receipt;
        FrameArrival arrivals[FRAME_BATCHES_MAX];
        FrameException exceptions[FRAME_EXCEPTIONS_MAX];
} Run;

struct Acks {
        AckOptions options;
        Waiting *first, **last;
        Run run; /* of now: too large to be cleared for each */
};

int acks_new(Acks **ret, const AckOptions *options) {
        Acks *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        a->options = *options;
        a->last = &a->first;
        *ret = a;
        return 0;
}

static void drop_first(Acks *a) {
        Waiting *w = a->first;

        a->first = w->next;
        if (!a->first)
                a->last = &a->first;
        free(w);
}

Acks *acks_free(Acks *a) {
        if (!a)
                return NULL;
        while (a->first)
                drop_first(a);
        free(a);
        return NULL;
}

static Waiting *waiting_new(const AckBatch *batch) {
        Waiting *w = malloc(sizeof(*w) + batch->n_codes);

        if (!w)
                return NULL;
        *w = (Waiting){ .batch = *batch };
        if (batch->n_codes > 0)
                memcpy(w->own, batch->codes, batch->n_codes);
        w->batch.codes = w->own;
        return w;
}

int acks_add(Acks *a, const AckBatch *batch) {
        Waiting *w = waiting_new(batch);

        if (!w)
                return -ENOMEM;
        *a->last = w;
        a->last = &w->next;
        return 0;
}

/* The code most ticks of a batch have. */
static uint8_t usual_code(const AckBatch *b, unsigned counts[static _DISPOSITION_MAX]) {
        uint8_t usual = 0;

        memset(counts, 0, _DISPOSITION_MAX * sizeof(*counts));
        for (unsigned i = 0; i < b->n_codes; i++)
                counts[b->codes[i]]++;
        for (uint8_t c = 1; c < _DISPOSITION_MAX; c++)
                if (counts[c] > counts[usual])
                        usual = c;
        return usual;
}

static void run_take(Run *run, DispositionHash *hash, const AckBatch *b) {
        unsigned counts[_DISPOSITION_MAX];
        uint8_t usual = usual_code(b, counts);

        for (unsigned i = 0; i < b->n_codes; i++)
                if (b->codes[i] != usual)
                        run->exceptions[run->n_exceptions++] = (FrameException){
                                .sequence = b->to, .index = i, .code = b->codes[i]
                        };
        for (unsigned c = 0; c < _DISPOSITION_MAX; c++)
                run->receipt.counts[c] += counts[c];
        if (b->n_codes > 0) { /* a gap contributes nothing */
                run->arrivals[run->n++] = (FrameArrival){
                        .sequence = b->to, .arrival = b->arrival, .count = b->n_codes, .code = usual
                };
                disposition_hash_add(hash, b->to, (int64_t)b->arrival, b->codes, b->n_codes);
        }
        run->receipt.to = b->to;
        run->receipt.hash = b->hash;
        run->receipt.commit_no = b->commit_no;
}

/* Exceptions are counted as if all ticks were: simple, and rarely ends a run early. */
static bool fits(const Run *run, const AckBatch *b) {
        const AckBatch *first = &run->begin->batch;

        return b->validator == first->validator && b->incarnation == first->incarnation &&
               b->n_codes > 0 && first->n_codes > 0 && b->from == run->receipt.to + 1 &&
               run->n < FRAME_BATCHES_MAX && run->n_exceptions + b->n_codes <= FRAME_EXCEPTIONS_MAX;
}

static int send_run(Acks *a, Run *run, Validator *v, usec_t time) {
        SignScope scope = { .network = *a->options.network, .subject = v->key };
        uint8_t bytes[RECEIPT_SIZE_MAX];
        Frame frame = { .kind = FRAME_ACK };
        int n;

        run->receipt.commit_time = (int64_t)time;
        n = receipt_seal(&run->receipt, a->options.key, &scope, bytes);
        if (n < 0)
                return n;

        frame.ack = (FrameAck){
                .receipt = { .data = bytes, .n = n },
                .time = time,
                .batches = { .items = run->arrivals, .n = run->n },
                .exceptions = { .items = run->exceptions, .n = run->n_exceptions },
                .window = a->options.window,
        };
        a->options.send(v, &frame, a->options.userdata);
        return 0;
}

/* One receipt from the front of the list; *end is set to what was not taken. */
static int receipt_from(Acks *a, const Waiting *begin, uint64_t commit_no, usec_t time,
                        const Waiting **end) {
        _cleanup_(disposition_hash_freep) DispositionHash *hash = NULL;
        Validator *v = registry_find_id(a->options.registry, begin->batch.validator);
        const Waiting *w = begin;
        Run *run = &a->run;
        int r;

        r = disposition_hash_new(&hash);
        if (r < 0)
                return r;

        run->begin = begin;
        run->n = run->n_exceptions = 0;
        run->receipt = (Receipt){
                .incarnation = begin->batch.incarnation,
                .from = begin->batch.from,
        };
        do {
                run_take(run, hash, &w->batch);
                w = w->next;
        } while (w && w->batch.commit_no <= commit_no && fits(run, &w->batch));
        disposition_hash_take(hash, &run->receipt.dispositions);

        *end = w;
        return v && v->session ? send_run(a, run, v, time) : 0;
}

/* Before any receipt, and whether or not one can be made: a batch sent again is then looked up. */
static void tell_streams(Acks *a, uint64_t commit_no) {
        for (const Waiting *w = a->first; w && w->batch.commit_no <= commit_no; w = w->next) {
                const Validator *v = registry_find_id(a->options.registry, w->batch.validator);

                if (v && v->streams)
                        stream_table_committed(v->streams, w->batch.incarnation, w->batch.to);
        }
}

void acks_committed(Acks *a, uint64_t commit_no, usec_t time) {
        const Waiting *end;

        tell_streams(a, commit_no);
        while (a->first && a->first->batch.commit_no <= commit_no) {
                if (receipt_from(a, a->first, commit_no, time, &end) < 0)
                        end = a->first->next; /* no ack: the validator sends it again */
                while (a->first != end)
                        drop_first(a);
        }
}

int acks_repeat(Acks *a, const AckBatch *batch, usec_t now) {
        _cleanup_free_ Waiting *w = waiting_new(batch);
        const Waiting *end;

        if (!w)
                return -ENOMEM;
        return receipt_from(a, w, batch->commit_no, now, &end);
}

int acks_position(const Acks *a, const Validator *v, const Stream *stream, usec_t now,
                  uint8_t ret[static RECEIPT_SIZE_MAX]) {
        SignScope scope = { .network = *a->options.network, .subject = v->key };
        Receipt receipt = {
                .incarnation = stream->incarnation,
                .from = stream->last,
                .to = stream->last,
                .hash = stream->hash,
                .commit_time = (int64_t)now,
        };

        hash_bytes("", 0, &receipt.dispositions);
        return receipt_seal(&receipt, a->options.key, &scope, ret);
}
