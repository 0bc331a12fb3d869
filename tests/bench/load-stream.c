/* A singly linked list in order of sequence: batches enter at the end and leave at the front. */
#include "load-stream.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static uint64_t new_incarnation(void) {
        uint64_t value;

        do {
                randombytes_buf(&value, sizeof(value));
                value >>= 1;
        } while (value == 0);
        return value;
}

LoadStream *load_stream_new(const SignKey *key, const SignScope *scope) {
        LoadStream *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->key = key;
        s->scope = scope;
        s->incarnation = new_incarnation();
        return s;
}

static void drop_first(LoadStream *s) {
        LoadBatch *b = s->first;

        s->first = b->next;
        if (!s->first)
                s->last = NULL;
        if (s->unsent == b)
                s->unsent = b->next;
        else
                s->flying--;
        s->bytes -= sizeof(*b) + b->n;
        free(b);
}

LoadStream *load_stream_free(LoadStream *s) {
        if (!s)
                return NULL;
        while (s->first)
                drop_first(s);
        free(s);
        return NULL;
}

/* Sealing -------------------------------------------------------------------------------------- */

static BatchDraft draft_of(const LoadStream *s, const LoadDraft *d) {
        BatchDraft draft = {
                .header = { .type = BATCH_TICKS,
                            .flags = d->flags,
                            .incarnation = s->incarnation,
                            .sequence = s->sequence + 1,
                            .previous = s->previous,
                            .created = (int64_t)d->due,
                            .clock_offset = (int64_t)(now_realtime() - d->hub_now),
                            .count = d->count },
                .ticks = d->ticks,
        };

        randombytes_buf(draft.secret, sizeof(draft.secret));
        return draft;
}

static void append(LoadStream *s, LoadBatch *b) {
        if (s->last)
                s->last->next = b;
        else
                s->first = b;
        s->last = b;
        if (!s->unsent)
                s->unsent = b;
        s->sequence = b->sequence;
        s->previous = b->hash;
        s->bytes += sizeof(*b) + b->n;
}

int load_stream_seal(LoadStream *s, const LoadDraft *d) {
        BatchDraft draft = draft_of(s, d);
        uint8_t frame[BATCH_FRAME_MAX];
        LoadBatch *b;
        Hash hash;
        int n;

        n = batch_seal(&draft, s->key, &s->scope->network, frame, &hash);
        if (n < 0)
                return n;
        b = malloc(sizeof(*b) + (size_t)n);
        if (!b)
                return -ENOMEM;
        *b = (LoadBatch){ .sequence = draft.header.sequence,
                          .hash = hash,
                          .due = d->due,
                          .count = d->count,
                          .n = (uint32_t)n };
        memcpy(b->frame, frame, (size_t)n);
        append(s, b);
        return 0;
}

/* The end of the list becomes `last`; NULL: the list is empty. */
static size_t cut_after(LoadStream *s, LoadBatch *last) {
        LoadBatch *b = last ? last->next : s->first, *next;
        size_t ticks = 0;

        if (last)
                last->next = NULL;
        else
                s->first = NULL;
        s->last = last;
        s->unsent = NULL;
        s->sequence = last ? last->sequence : s->acked;
        s->previous = last ? last->hash : s->acked_hash;
        for (; b; b = next) {
                next = b->next;
                ticks += b->count;
                s->bytes -= sizeof(*b) + b->n;
                free(b);
        }
        return ticks;
}

size_t load_stream_truncate(LoadStream *s, usec_t from) {
        LoadBatch *kept = NULL, *unsent = NULL;
        size_t ticks;

        for (LoadBatch *b = s->first; b && (b->first_sent > 0 || b->due <= from); b = b->next) {
                kept = b;
                if (b == s->unsent)
                        unsent = b;
        }
        ticks = cut_after(s, kept);
        s->unsent = unsent;
        return ticks;
}

static int seal_again(LoadStream *to, const LoadBatch *from, usec_t hub_now) {
        _cleanup_(batch_freep) Batch *batch = NULL;
        LoadDraft d = { .flags = BATCH_RESEALED, .due = from->due, .hub_now = hub_now };
        int r;

        r = batch_parse(from->frame, from->n, &batch);
        if (r < 0)
                return r;
        d.ticks = batch->ticks;
        d.count = batch->header.count;
        return load_stream_seal(to, &d);
}

int load_stream_reseal(LoadStream *s, usec_t hub_now) {
        LoadStream fresh = {
                .key = s->key, .scope = s->scope, .incarnation = new_incarnation(), .next = s->next
        };
        int r = 0;

        for (const LoadBatch *b = s->first; b && r >= 0; b = b->next)
                r = seal_again(&fresh, b, hub_now);
        if (r < 0) {
                while (fresh.first)
                        drop_first(&fresh);
                return r;
        }
        while (s->first)
                drop_first(s);
        *s = fresh;
        return 0;
}

/* Sending -------------------------------------------------------------------------------------- */

static void go_on_from(LoadStream *s, uint64_t sequence) {
        s->unsent = s->first;
        s->flying = 0;
        while (s->unsent && s->unsent->sequence < sequence) {
                s->unsent = s->unsent->next;
                s->flying++;
        }
}

void load_stream_rewind(LoadStream *s) {
        go_on_from(s, 0);
        s->wanted = 0;
}

static int seal_gap(LoadStream *s, uint64_t from, usec_t hub_now,
                    uint8_t frame[static BATCH_FRAME_MAX]) {
        LoadDraft d = { .due = hub_now, .hub_now = hub_now };
        BatchDraft draft = draft_of(s, &d);
        Hash hash;

        draft.header.type = BATCH_GAP;
        draft.header.sequence = s->acked;
        draft.header.previous = s->acked_hash;
        draft.gap = (BatchGap){ .from = from };
        return batch_seal(&draft, s->key, &s->scope->network, frame, &hash);
}

int load_stream_expect(LoadStream *s, uint64_t sequence, usec_t hub_now,
                       uint8_t frame[static BATCH_FRAME_MAX]) {
        if (sequence == 0 || sequence == s->wanted)
                return -EALREADY;
        s->wanted = sequence;
        go_on_from(s, sequence);
        return sequence <= s->acked ? seal_gap(s, sequence, hub_now, frame) : 0;
}

LoadBatch *load_stream_next(const LoadStream *s, usec_t hub_now) {
        return s->unsent && (s->unsent->first_sent > 0 || s->unsent->due <= hub_now) ? s->unsent
                                                                                     : NULL;
}

void load_stream_sent(LoadStream *s, LoadBatch *b, usec_t now) {
        if (b->first_sent == 0)
                b->first_sent = now;
        s->unsent = b->next;
        s->flying++;
}

/* Acknowledgement ------------------------------------------------------------------------------ */

const LoadBatch *load_stream_find(const LoadStream *s, uint64_t sequence) {
        const LoadBatch *b = s->first;

        while (b && b->sequence < sequence)
                b = b->next;
        return b && b->sequence == sequence ? b : NULL;
}

int load_stream_check(const LoadStream *s, const Receipt *r) {
        const LoadBatch *b;

        if (r->to <= s->acked)
                return 0;
        b = load_stream_find(s, r->to);
        return b && b->first_sent > 0 && hash_equal(&b->hash, &r->hash) ? 1 : -EBADMSG;
}

void load_stream_trim(LoadStream *s, const Receipt *r, const void *bytes, size_t n) {
        while (s->first && s->first->sequence <= r->to)
                drop_first(s);
        s->acked = r->to;
        s->acked_hash = r->hash;
        if (n <= sizeof(s->receipt)) {
                memcpy(s->receipt, bytes, n);
                s->n_receipt = n;
        }
}

bool load_stream_waits(const LoadStream *s, usec_t hub_now) {
        return s->first && (s->first->first_sent > 0 || s->first->due <= hub_now);
}
