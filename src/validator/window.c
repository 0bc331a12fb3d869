/* The live stream first; the others by age, one after the other. */
#include "validator/window.h"

#include <errno.h>
#include <string.h>

#define PACE_MAX 1024u /* more than any window */

typedef struct Cursor {
        uint64_t incarnation, sent;
        size_t flying;
} Cursor;

struct Window {
        Spool *spool; /* borrowed */
        uint64_t live;
        FrameWindow limits;
        size_t pace; /* of each class no more, whatever the limits */
        Cursor cursors[FRAME_INCARNATIONS_MAX];
        size_t n;
};

int window_new(Window **ret, Spool *spool) {
        Window *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        w->spool = spool;
        w->pace = PACE_MAX;
        *ret = w;
        return 0;
}

Window *window_free(Window *w) {
        free(w);
        return NULL;
}

void window_reset(Window *w, uint64_t live) {
        w->live = live;
        w->n = 0;
        w->pace = PACE_MAX;
        w->limits = (FrameWindow){ .live = 1, .history = 1 };
}

void window_set_limits(Window *w, const FrameWindow *limits) {
        w->limits = *limits;
}

/* The first cursor gives way when too many streams were seen: it starts from the front again, which
 * the hub answers as repeated. */
static Cursor *cursor_of(Window *w, uint64_t incarnation) {
        for (size_t i = 0; i < w->n; i++)
                if (w->cursors[i].incarnation == incarnation)
                        return &w->cursors[i];
        if (w->n == FRAME_INCARNATIONS_MAX)
                memmove(w->cursors, w->cursors + 1, --w->n * sizeof(*w->cursors));
        w->cursors[w->n] = (Cursor){ .incarnation = incarnation };
        return &w->cursors[w->n++];
}

void window_answered(Window *w, uint64_t incarnation, size_t batches) {
        Cursor *c = cursor_of(w, incarnation);

        c->flying -= MIN(c->flying, batches);
        w->pace = MIN(2 * w->pace, (size_t)PACE_MAX);
}

void window_unsent(Window *w, uint64_t incarnation, uint64_t sequence) {
        Cursor *c = cursor_of(w, incarnation);

        c->sent = sequence - 1;
        c->flying -= MIN(c->flying, (size_t)1);
}

void window_rewind(Window *w, uint64_t incarnation, uint64_t expected) {
        Cursor *c = cursor_of(w, incarnation);

        c->sent = expected > 0 ? expected - 1 : 0;
        c->flying = 0;
}

void window_refused(Window *w, uint64_t incarnation, uint64_t sequence) {
        window_rewind(w, incarnation, sequence);
        w->pace = 1;
}

/* Counts and hands on. */
typedef struct Sending {
        Cursor *cursor;
        SpoolVisit visit;
        void *userdata;
} Sending;

static void on_batch(const SpoolBatch *b, void *userdata) {
        Sending *s = userdata;

        s->cursor->sent = b->sequence;
        s->cursor->flying++;
        s->visit(b, s->userdata);
}

static int next_of(Window *w, uint64_t incarnation, SpoolVisit visit, void *userdata) {
        Sending s = { .cursor = cursor_of(w, incarnation), .visit = visit, .userdata = userdata };

        return spool_next(w->spool, incarnation, s.cursor->sent, on_batch, &s);
}

static size_t history_flying(const Window *w) {
        size_t n = 0;

        for (size_t i = 0; i < w->n; i++)
                if (w->cursors[i].incarnation != w->live)
                        n += w->cursors[i].flying;
        return n;
}

static int next_history(Window *w, SpoolVisit visit, void *userdata) {
        _cleanup_free_ SpoolStream *streams = calloc(FRAME_INCARNATIONS_MAX, sizeof(*streams));
        int n, r;

        if (!streams)
                return -ENOMEM;
        n = spool_streams(w->spool, streams, FRAME_INCARNATIONS_MAX);
        for (int i = 0; i < n; i++) {
                if (streams[i].incarnation == w->live || !streams[i].waiting)
                        continue;
                r = next_of(w, streams[i].incarnation, visit, userdata);
                if (r != 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

static size_t limit(const Window *w, int64_t limit, int64_t least) {
        return MIN((size_t)MAX(limit, least), w->pace);
}

/* There is a history only after a start of the validator. Whether there is one is asked first: the
 * list of streams is sorted in a table of its own, and checks that are under way wait for that. */
int window_next(Window *w, SpoolVisit visit, void *userdata) {
        int r = 0;

        if (cursor_of(w, w->live)->flying < limit(w, w->limits.live, 1))
                r = next_of(w, w->live, visit, userdata);
        if (r != 0 || history_flying(w) >= limit(w, w->limits.history, 0))
                return r;
        r = spool_has_others(w->spool, w->live);
        return r > 0 ? next_history(w, visit, userdata) : r;
}
