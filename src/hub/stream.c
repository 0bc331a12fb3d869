/* Stream positions: an array, as a validator rarely has more than two live streams. */
#include "hub/stream.h"

#include <errno.h>
#include <string.h>

typedef struct StreamEntry {
        Stream stream;
        usec_t opened, moved;
} StreamEntry;

struct StreamTable {
        StreamEntry *entries;
        size_t n, capacity;
};

int stream_table_new(StreamTable **ret) {
        StreamTable *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        *ret = t;
        return 0;
}

StreamTable *stream_table_free(StreamTable *t) {
        if (!t)
                return NULL;
        free(t->entries);
        free(t);
        return NULL;
}

static StreamEntry *find(const StreamTable *t, uint64_t incarnation) {
        for (size_t i = 0; i < t->n; i++)
                if (t->entries[i].stream.incarnation == incarnation)
                        return (StreamEntry *)&t->entries[i];
        return NULL;
}

static StreamEntry *append(StreamTable *t, const StreamEntry *e) {
        size_t capacity = t->capacity ? 2 * t->capacity : 4;
        StreamEntry *entries;

        if (t->n == t->capacity) {
                entries = realloc(t->entries, capacity * sizeof(*entries));
                if (!entries)
                        return NULL;
                t->entries = entries;
                t->capacity = capacity;
        }
        t->entries[t->n] = *e;
        return &t->entries[t->n++];
}

int stream_table_load(StreamTable *t, const Stream *s, usec_t opened, usec_t moved) {
        StreamEntry *e;

        if (find(t, s->incarnation))
                return 0;
        e = append(t, &(StreamEntry){ *s, opened, moved });
        if (!e)
                return -ENOMEM;
        e->stream.committed = s->last;
        return 0;
}

const Stream *stream_table_find(const StreamTable *t, uint64_t incarnation) {
        const StreamEntry *e = find(t, incarnation);

        return e ? &e->stream : NULL;
}

size_t stream_table_count(const StreamTable *t) {
        return t->n;
}

uint64_t stream_table_expected(const StreamTable *t, uint64_t incarnation) {
        const Stream *s = stream_table_find(t, incarnation);

        return s ? s->last + 1 : 1;
}

bool stream_table_may_open(const StreamTable *t, usec_t now) {
        size_t live = 0, fresh = 0;

        for (size_t i = 0; i < t->n; i++) {
                live += t->entries[i].moved + STREAMS_LIVE_TIME > now;
                fresh += t->entries[i].opened + USEC_PER_DAY > now;
        }
        return live < STREAMS_LIVE_MAX && fresh < STREAMS_DAY_MAX;
}

static StreamStep step_known(const Stream *s, uint64_t sequence) {
        return s->committed < sequence ? STREAM_WAITING : STREAM_SEEN;
}

static StreamStep step_gap(const Batch *b, const Stream *s, uint64_t last) {
        if (b->header.sequence <= last)
                return step_known(s, b->header.sequence);
        return b->gap.from <= last + 1 ? STREAM_TAKE : STREAM_AHEAD;
}

static StreamStep step_batch(const Batch *b, const Stream *s, uint64_t last) {
        static const Hash zeros;
        const Hash *previous = s ? &s->hash : &zeros;

        if (b->header.sequence <= last)
                return step_known(s, b->header.sequence);
        if (b->header.sequence > last + 1)
                return STREAM_AHEAD;
        return hash_equal(&b->header.previous, previous) ? STREAM_TAKE : STREAM_FORK;
}

StreamStep stream_table_step(const StreamTable *t, const Batch *b, usec_t now) {
        const Stream *s = stream_table_find(t, b->header.incarnation);
        uint64_t last = s ? s->last : 0;
        StreamStep step;

        step = b->header.type == BATCH_GAP ? step_gap(b, s, last) : step_batch(b, s, last);
        if (step == STREAM_TAKE && !s && !stream_table_may_open(t, now))
                return STREAM_TOO_MANY;
        return step;
}

int stream_table_move(StreamTable *t, uint64_t incarnation, uint64_t last, const Hash *hash,
                      usec_t now) {
        StreamEntry *e = find(t, incarnation);

        if (last <= (e ? e->stream.last : 0))
                return -EINVAL;
        if (!e)
                e = append(t, &(StreamEntry){ { .incarnation = incarnation }, now, now });
        if (!e)
                return -ENOMEM;

        e->stream.last = last;
        e->stream.hash = *hash;
        e->moved = now;
        return 0;
}

void stream_table_committed(StreamTable *t, uint64_t incarnation, uint64_t last) {
        StreamEntry *e = find(t, incarnation);

        if (e)
                e->stream.committed = MAX(e->stream.committed, MIN(last, e->stream.last));
}

void stream_table_forget(StreamTable *t, usec_t before, StreamForgotten forgotten, void *userdata) {
        size_t kept = 0;

        for (size_t i = 0; i < t->n; i++) {
                const StreamEntry *e = &t->entries[i];

                if (e->moved < before && e->stream.committed == e->stream.last)
                        forgotten(e->stream.incarnation, userdata);
                else
                        t->entries[kept++] = *e;
        }
        t->n = kept;
}
