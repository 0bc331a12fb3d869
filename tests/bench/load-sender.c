/* Three kinds of streams: `planned` has the slots, signed ahead; `prompt` answers probes, which
 * nobody can know beforehand; `history` are former ones whose batches had waited for more than five
 * seconds when the hub came back. */
#include "load-sender.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SETTLED        (2 * USEC_PER_SEC) /* orders unchanged for so long are planned ahead */
#define STALE          (5 * USEC_PER_SEC)
#define WINDOWS_A_TURN 8
#define ANSWERS_WAIT   (10 * USEC_PER_MSEC) /* for each other, as a validator's do */
#define VOTES_WAIT     USEC_PER_SEC /* those that a validator's next batch would take along */

int load_sender_init(LoadSender *s, LoadWorld *world, unsigned index, SignKey *key) {
        const LoadArgs *a = world->args;
        LoadWorkOptions options = { .down = a->down,
                                    .down_from = world->started + a->down_after,
                                    .per_second = (double)a->rate / a->validators };

        *s = (LoadSender){ .world = world, .index = index, .key = key, .pace = LOAD_PACE_MAX };
        s->scope.subject = *sign_key_public(key);
        s->planned = load_stream_new(key, &s->scope);
        s->prompt = load_stream_new(key, &s->scope);
        if (!s->planned || !s->prompt)
                return -ENOMEM;
        return load_work_new(&s->work, &options);
}

void load_sender_done(LoadSender *s) {
        LoadStream *stream;

        while ((stream = s->history)) {
                s->history = stream->next;
                load_stream_free(stream);
        }
        load_stream_free(s->planned);
        load_stream_free(s->prompt);
        load_work_free(s->work);
        sign_key_free(s->key);
}

void load_sender_wrong(LoadSender *s, const char *what, int r) {
        LoadStats *stats = &s->world->stats;

        stats->errors++;
        snprintf(stats->last_error, sizeof(stats->last_error), "validator %u: %s: %s", s->index,
                 what, strerror(-r));
}

usec_t load_sender_hub_time(const LoadSender *s, usec_t now) {
        return now + (usec_t)s->offset;
}

/* Planning ------------------------------------------------------------------------------------- */

static int seal(LoadSender *s, LoadStream *stream, LoadDraft d, size_t n) {
        const Tick *ticks = d.ticks;
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i += BATCH_TICKS_MAX) {
                d.ticks = ticks + i;
                d.count = (uint16_t)MIN(n - i, (size_t)BATCH_TICKS_MAX);
                r = load_stream_seal(stream, &d);
        }
        if (r < 0)
                load_sender_wrong(s, "sealing", r);
        return r;
}

/* The validators of one process do not send at the same moment. */
static usec_t window_start(const LoadSender *s, usec_t hub_now) {
        const LoadArgs *a = s->world->args;
        usec_t shift = (s->index - a->first) * a->batch / a->validators;

        return hub_now - (hub_now - shift) % a->batch;
}

static bool queue_is_full(const LoadSender *s) {
        size_t bytes = s->planned->bytes + s->prompt->bytes;

        for (const LoadStream *h = s->history; h; h = h->next)
                bytes += h->bytes;
        return bytes >= s->world->queue_max;
}

/* The next window is signed, or, where no room was left until it was over, dropped. 0: no room. */
static int plan_window(LoadSender *s, usec_t hub_now) {
        LoadWindow window = { s->horizon, s->horizon + s->world->args->batch, s->offset };
        LoadDraft draft = { .due = window.to, .hub_now = hub_now };
        bool full = queue_is_full(s);
        size_t n, skipped;

        if (full && window.to > hub_now)
                return 0;
        n = load_work_window(s->work, &window, &draft.ticks, &skipped);
        s->world->stats.skipped += skipped;
        if (full)
                s->world->stats.dropped += n;
        else
                (void)seal(s, s->planned, draft, n);
        s->horizon = window.to;
        return 1;
}

void load_sender_plan(LoadSender *s, usec_t now) {
        const LoadArgs *a = s->world->args;
        usec_t hub_now = load_sender_hub_time(s, now), until = hub_now;

        if (load_work_count(s->work) == 0 || a->idle || s->world->stopping)
                return;
        if (s->horizon == 0)
                s->horizon = window_start(s, hub_now);
        if (now - s->changed >= SETTLED)
                until += a->ahead;
        for (unsigned i = 0; i < WINDOWS_A_TURN || s->horizon + a->batch <= hub_now; i++)
                if (s->horizon + a->batch > until || plan_window(s, hub_now) == 0)
                        return;
}

void load_sender_plan_anew(LoadSender *s, usec_t now, bool clock_moved) {
        usec_t hub_now = load_sender_hub_time(s, now), start = window_start(s, hub_now);

        if (s->horizon == 0)
                return;
        load_stream_truncate(s->planned, hub_now);
        s->horizon = clock_moved ? start : MIN(s->horizon, start);
}

/* Sending -------------------------------------------------------------------------------------- */

static int send_batch(LoadSender *s, LoadStream *stream, LoadBatch *b, usec_t now) {
        LoadStats *stats = &s->world->stats;
        int r = load_socket_send(s->socket, true, b->frame, b->n);

        if (r < 0)
                return r;
        if (b->first_sent > 0)
                stats->resent++;
        else {
                stats->batches++;
                stats->ticks += b->count;
        }
        load_stream_sent(stream, b, now);
        return 0;
}

/* As the window allows; negative when the connection takes no more. */
static int pump_stream(LoadSender *s, LoadStream *stream, size_t window, usec_t now) {
        usec_t hub_now = load_sender_hub_time(s, now);
        LoadBatch *b;
        int r = 0;

        while (r >= 0 && stream->flying < window && (b = load_stream_next(stream, hub_now)))
                r = send_batch(s, stream, b, now);
        return r;
}

static void seal_answers(LoadSender *s, usec_t now) {
        usec_t hub_now = load_sender_hub_time(s, now);
        LoadDraft draft = { .ticks = s->answers, .due = hub_now, .hub_now = hub_now };

        if (queue_is_full(s))
                s->world->stats.dropped += s->n_answers;
        else
                (void)seal(s, s->prompt, draft, s->n_answers);
        s->n_answers = 0;
}

void load_sender_pump(LoadSender *s, usec_t now) {
        size_t live = MIN((size_t)MAX(s->window.live, INT64_C(1)), s->pace), flying = 0;
        size_t history = MIN((size_t)MAX(s->window.history, INT64_C(0)), s->pace);

        if (s->n_answers > 0 && now >= s->answers_due)
                seal_answers(s, now);
        if (!s->socket || now < s->pause_until)
                return;
        if (pump_stream(s, s->prompt, live, now) < 0 || pump_stream(s, s->planned, live, now) < 0)
                return;
        for (LoadStream *h = s->history; h && flying < history; h = h->next) {
                if (pump_stream(s, h, history - flying, now) < 0)
                        return;
                flying += h->flying;
        }
}

void load_sender_answer(LoadSender *s, const Tick *tick, usec_t now) {
        bool news = tick->kind != TICK_REFRESH || tick->outcome != TICK_UP;
        usec_t due = now + (news ? ANSWERS_WAIT : VOTES_WAIT);

        if (s->n_answers == 0 || due < s->answers_due)
                s->answers_due = due;
        s->answers[s->n_answers++] = *tick;
        if (s->n_answers == ELEMENTSOF(s->answers))
                seal_answers(s, now);
}

/* Streams -------------------------------------------------------------------------------------- */

static size_t name_stream(const LoadStream *stream, FrameStream *ret) {
        if (stream->sequence == 0)
                return 0;
        *ret = (FrameStream){ .incarnation = stream->incarnation };
        if (stream->n_receipt > 0)
                ret->receipt = (JsonBytes){ (uint8_t *)stream->receipt, stream->n_receipt };
        return 1;
}

size_t load_sender_streams(const LoadSender *s, FrameStream ret[static LOAD_STREAMS_MAX]) {
        size_t n = name_stream(s->planned, &ret[0]);

        n += name_stream(s->prompt, &ret[n]);
        for (const LoadStream *h = s->history; h; h = h->next)
                n += name_stream(h, &ret[n]);
        return n;
}

LoadStream *load_sender_find(LoadSender *s, uint64_t incarnation) {
        if (s->planned->incarnation == incarnation)
                return s->planned;
        if (s->prompt->incarnation == incarnation)
                return s->prompt;
        for (LoadStream *h = s->history; h; h = h->next)
                if (h->incarnation == incarnation)
                        return h;
        return NULL;
}

/* Live ticks shall not queue behind what waited for long. */
static void split_history(LoadSender *s, usec_t now) {
        LoadStream *fresh, **end = &s->history;
        size_t n = 0;

        if (!s->planned->first || s->planned->first->due + STALE > load_sender_hub_time(s, now))
                return;
        for (; *end; end = &(*end)->next)
                n++;
        fresh = n < LOAD_HISTORY_MAX ? load_stream_new(s->key, &s->scope) : NULL;
        if (!fresh)
                return;
        load_sender_plan_anew(s, now, false);
        *end = s->planned;
        s->planned = fresh;
        s->world->stats.histories++;
}

void load_sender_connected(LoadSender *s, usec_t now) {
        load_stream_rewind(s->planned);
        load_stream_rewind(s->prompt);
        for (LoadStream *h = s->history; h; h = h->next)
                load_stream_rewind(h);
        split_history(s, now);
}

static void free_empty_history(LoadSender *s) {
        LoadStream **at = &s->history, *h;

        while ((h = *at)) {
                if (h->first) {
                        at = &h->next;
                        continue;
                }
                *at = h->next;
                load_stream_free(h);
        }
}

void load_sender_expect(LoadSender *s, const FrameNotice *n, usec_t now) {
        LoadStream *stream = load_sender_find(s, n->incarnation);
        uint8_t frame[BATCH_FRAME_MAX];
        int size;

        if (!stream || !s->socket)
                return;
        size = load_stream_expect(stream, n->sequence, load_sender_hub_time(s, now), frame);
        if (size > 0) {
                s->world->stats.gaps++;
                (void)load_socket_send(s->socket, true, frame, (size_t)size);
        } else if (size < 0 && size != -EALREADY)
                load_sender_wrong(s, "a gap", size);
        load_sender_pump(s, now);
}

void load_sender_fork(LoadSender *s, const FrameNotice *n, usec_t now) {
        LoadStream *stream = load_sender_find(s, n->incarnation);
        int r;

        if (!stream)
                return;
        s->world->stats.forks++;
        if (stream == s->planned)
                load_sender_plan_anew(s, now, false);
        r = load_stream_reseal(stream, load_sender_hub_time(s, now));
        if (r < 0)
                load_sender_wrong(s, "sealing again", r);
        load_sender_pump(s, now);
}

bool load_sender_waits(const LoadSender *s, usec_t now) {
        usec_t hub_now = load_sender_hub_time(s, now);

        return s->history || s->n_answers > 0 || load_stream_waits(s->prompt, hub_now) ||
               load_stream_waits(s->planned, hub_now);
}

/* Acknowledgement ------------------------------------------------------------------------------ */

static int journal_batch(LoadSender *s, const LoadBatch *b, const uint8_t *codes, usec_t now) {
        LoadStats *stats = &s->world->stats;
        _cleanup_(batch_freep) Batch *batch = NULL;
        int r;

        if (!codes)
                stats->positions += b->count;
        for (uint16_t i = 0; codes && i < b->count; i++)
                stats->acked[codes[i]]++;
        load_stats_latency(stats, now - b->first_sent);
        if (!s->world->journal)
                return 0;
        r = batch_parse(b->frame, b->n, &batch);
        return r < 0 ? r : load_journal_put(s->world->journal, &s->scope.subject, batch, codes);
}

/* The codes of one batch by an ack that was verified; false: it does not speak of it. */
static bool codes_of(const FrameAck *f, const LoadBatch *b, uint8_t ret[static BATCH_TICKS_MAX]) {
        const FrameArrival *a = f->batches.items;
        const FrameException *e = f->exceptions.items;
        size_t i = 0;

        while (i < f->batches.n && a[i].sequence != b->sequence)
                i++;
        if (i == f->batches.n || a[i].count != b->count)
                return false;
        memset(ret, (int)a[i].code, b->count);
        for (size_t k = 0; k < f->exceptions.n; k++)
                if (e[k].sequence == b->sequence && e[k].index < b->count)
                        ret[e[k].index] = (uint8_t)e[k].code;
        return true;
}

/* The receipt of an ack names the dispositions of its ticks by a hash. */
static int read_receipt(const LoadSender *s, const JsonBytes *bytes, const FrameAck *f,
                        Receipt *ret) {
        Hash hash;
        int r;

        r = receipt_verify(bytes->data, bytes->n, &s->hub, &s->scope);
        if (r >= 0)
                r = receipt_parse(bytes->data, bytes->n, ret);
        if (r >= 0 && f)
                r = frame_ack_dispositions(f, &hash);
        if (r < 0)
                return r;
        return f && !hash_equal(&hash, &ret->dispositions) ? -EBADMSG : 0;
}

/* The journal is written before anything is forgotten. */
int load_sender_acknowledge(LoadSender *s, const JsonBytes *bytes, const FrameAck *f, usec_t now) {
        LoadStats *stats = &s->world->stats;
        uint8_t codes[BATCH_TICKS_MAX];
        LoadStream *stream;
        Receipt receipt;
        int r;

        r = read_receipt(s, bytes, f, &receipt);
        if (r < 0)
                return r;
        stream = load_sender_find(s, receipt.incarnation);
        r = stream ? load_stream_check(stream, &receipt) : 0;
        if (r <= 0)
                return r;
        for (const LoadBatch *b = stream->first; b && b->sequence <= receipt.to; b = b->next) {
                r = journal_batch(s, b, f && codes_of(f, b, codes) ? codes : NULL, now);
                if (r < 0)
                        return r;
        }
        load_stream_trim(stream, &receipt, bytes->data, bytes->n);
        s->pace = MIN(2 * s->pace, (size_t)LOAD_PACE_MAX);
        if (stream != s->planned && stream != s->prompt)
                free_empty_history(s);
        if (stats->first_ack == 0)
                stats->first_ack = now;
        stats->last_ack = now;
        return 0;
}
