/* Each public function is one transaction. A commit waits for the disk: those of batches, five a
 * second and more, do so on another thread. */
#include "validator/spool.h"

#include <errno.h>
#include <string.h>

#include "validator/spool-internal.h"

#define PROGRESS_KEPT           (48 * USEC_PER_HOUR) /* twice the longest interval of an order */
#define PROGRESS_PRUNE_INTERVAL USEC_PER_HOUR

int spool_pin(Spool *s, const PublicKey *network) {
        SPOOL_LOCKED(s);
        sqlite3_stmt *q = spool_use(s, SPOOL_PINNED);
        int r = spool_step(q);
        bool same = r > 0 && sqlite3_column_bytes(q, 0) == SIGN_PUBLIC_SIZE &&
                    memcmp(sqlite3_column_blob(q, 0), network->bytes, SIGN_PUBLIC_SIZE) == 0;

        sqlite3_reset(q);
        if (r < 0)
                return r;
        if (r > 0)
                return same;

        q = spool_use(s, SPOOL_PIN);
        spool_bind_blob(q, 1, network->bytes, SIGN_PUBLIC_SIZE);
        r = spool_run(q);
        return r < 0 ? r : 1;
}

/* Progress and batches ------------------------------------------------------------------------- */

int64_t spool_progress(Spool *s, const OrderId *order, bool probe) {
        SPOOL_LOCKED(s);
        sqlite3_stmt *q = spool_use(s, SPOOL_PROGRESS);
        int64_t number = -ENOENT;
        int r;

        spool_bind_blob(q, 1, order->bytes, sizeof(order->bytes));
        spool_bind_int(q, 2, probe);
        r = spool_step(q);
        if (r != 0)
                number = r < 0 ? r : sqlite3_column_int64(q, 0);
        sqlite3_reset(q);
        return number;
}

static int put_progress(Spool *s, const SpoolProgress *p, usec_t now) {
        sqlite3_stmt *q = spool_use(s, SPOOL_PROGRESS_PUT);

        spool_bind_blob(q, 1, p->order.bytes, sizeof(p->order.bytes));
        spool_bind_int(q, 2, p->probe);
        spool_bind_int(q, 3, p->number);
        spool_bind_int(q, 4, now);
        return spool_run(q);
}

static int put_batch(Spool *s, const SpoolBatch *b, bool gap) {
        sqlite3_stmt *q = spool_use(s, SPOOL_PUT);

        spool_bind_int(q, 1, b->incarnation);
        spool_bind_int(q, 2, b->sequence);
        spool_bind_blob(q, 3, b->hash.bytes, sizeof(b->hash.bytes));
        spool_bind_int(q, 4, b->created);
        spool_bind_int(q, 5, b->count);
        spool_bind_int(q, 6, gap);
        spool_bind_blob(q, 7, b->frame, b->n);
        return spool_run(q);
}

static int put_stream(Spool *s, const SpoolBatch *b) {
        sqlite3_stmt *q = spool_use(s, SPOOL_STREAM_PUT);

        spool_bind_int(q, 1, b->incarnation);
        spool_bind_int(q, 2, b->created);
        return spool_run(q);
}

/* Now and then, and at once when hub time went back. */
static int prune_progress(Spool *s, usec_t now) {
        sqlite3_stmt *q = spool_use(s, SPOOL_PROGRESS_PRUNE);

        if (now >= s->pruned && now - s->pruned < PROGRESS_PRUNE_INTERVAL)
                return 0;
        s->pruned = now;
        if (now < PROGRESS_KEPT)
                return 0;
        spool_bind_int(q, 1, now - PROGRESS_KEPT);
        return spool_run(q);
}

int spool_put(Spool *s, const SpoolBatch *batch, const SpoolProgress *progress, size_t n) {
        SPOOL_LOCKED(s);
        int r;

        r = spool_begin(s);
        if (r < 0)
                return r;
        r = put_stream(s, batch);
        if (r >= 0)
                r = put_batch(s, batch, false);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = put_progress(s, &progress[i], batch->created);
        if (r >= 0)
                r = prune_progress(s, batch->created);
        r = spool_end(s, r);
        if (r < 0)
                return r;
        s->stats.batches++;
        s->stats.bytes += batch->n;
        return 0;
}

static int read_batch(sqlite3_stmt *q, SpoolBatch *ret) {
        if (sqlite3_column_bytes(q, 2) != SIGN_HASH_SIZE)
                return -EUCLEAN;
        *ret = (SpoolBatch){
                .incarnation = (uint64_t)sqlite3_column_int64(q, 0),
                .sequence = (uint64_t)sqlite3_column_int64(q, 1),
                .created = (usec_t)sqlite3_column_int64(q, 3),
                .count = (uint16_t)sqlite3_column_int64(q, 4),
                .frame = sqlite3_column_blob(q, 5),
                .n = (size_t)sqlite3_column_bytes(q, 5),
        };
        memcpy(ret->hash.bytes, sqlite3_column_blob(q, 2), SIGN_HASH_SIZE);
        return 0;
}

int spool_next(Spool *s, uint64_t incarnation, uint64_t after, SpoolVisit visit, void *userdata) {
        SPOOL_LOCKED(s);
        sqlite3_stmt *q = spool_use(s, SPOOL_NEXT);
        SpoolBatch b;
        int r;

        spool_bind_int(q, 1, incarnation);
        spool_bind_int(q, 2, after);
        r = spool_step(q);
        if (r > 0 && read_batch(q, &b) < 0)
                r = -EUCLEAN;
        if (r > 0)
                visit(&b, userdata);
        sqlite3_reset(q);
        return r;
}

int spool_hash(Spool *s, uint64_t incarnation, uint64_t sequence, Hash *ret) {
        SPOOL_LOCKED(s);
        sqlite3_stmt *q = spool_use(s, SPOOL_HASH);
        int r;

        spool_bind_int(q, 1, incarnation);
        spool_bind_int(q, 2, sequence);
        r = spool_step(q);
        if (r > 0 && sqlite3_column_bytes(q, 0) != SIGN_HASH_SIZE)
                r = -EUCLEAN;
        if (r > 0)
                memcpy(ret->bytes, sqlite3_column_blob(q, 0), SIGN_HASH_SIZE);
        sqlite3_reset(q);
        return r;
}

/* Trimming and dropping ------------------------------------------------------------------------ */

/* Deletes, and says how much that was. */
static int delete_up_to(Spool *s, uint64_t incarnation, uint64_t to, SpoolStats *ret_less) {
        sqlite3_stmt *q = spool_use(s, SPOOL_SIZE);
        int r;

        spool_bind_int(q, 1, incarnation);
        spool_bind_int(q, 2, to);
        r = spool_count(q, ret_less);
        if (r < 0)
                return r;
        q = spool_use(s, SPOOL_DROP);
        spool_bind_int(q, 1, incarnation);
        spool_bind_int(q, 2, to);
        return spool_run(q);
}

static void subtract(Spool *s, const SpoolStats *less) {
        s->stats.batches -= less->batches;
        s->stats.bytes -= less->bytes;
}

static int put_receipt(Spool *s, uint64_t incarnation, const void *bytes, size_t n) {
        sqlite3_stmt *q = spool_use(s, SPOOL_RECEIPT_PUT);
        int r;

        spool_bind_int(q, 1, incarnation);
        spool_bind_blob(q, 2, bytes, n);
        r = spool_run(q);
        if (r < 0)
                return r;
        q = spool_use(s, SPOOL_STREAM_DROP);
        spool_bind_int(q, 1, incarnation);
        return spool_run(q);
}

/* Lost with the power it only makes the batch be sent, and acked, again. */
int spool_trim(Spool *s, const Receipt *receipt, const void *bytes, size_t n) {
        SPOOL_LOCKED(s);
        SpoolStats less = { 0 };
        int r;

        r = spool_begin_relaxed(s);
        if (r < 0)
                return r;
        r = delete_up_to(s, receipt->incarnation, receipt->to, &less);
        if (r >= 0)
                r = put_receipt(s, receipt->incarnation, bytes, n);
        r = spool_end(s, r);
        if (r < 0)
                return r;
        subtract(s, &less);
        return 0;
}

int spool_drop(Spool *s, uint64_t incarnation, uint64_t to) {
        SPOOL_LOCKED(s);
        SpoolStats less = { 0 };
        int r;

        r = spool_begin(s);
        if (r < 0)
                return r;
        r = spool_end(s, delete_up_to(s, incarnation, to, &less));
        if (r < 0)
                return r;
        subtract(s, &less);
        return 0;
}

static int oldest_stream(Spool *s, uint64_t *ret) {
        sqlite3_stmt *q = spool_use(s, SPOOL_STREAM_OLDEST);
        int r = spool_step(q);

        if (r > 0)
                *ret = (uint64_t)sqlite3_column_int64(q, 0);
        sqlite3_reset(q);
        return r;
}

/* A gap at the front begins where that one did, and what it told of is told again. */
static int merge_gap(SpoolDropped *d, const void *frame, size_t n) {
        _cleanup_(batch_freep) Batch *gap = NULL;
        int r;

        r = batch_parse(frame, n, &gap);
        if (r < 0)
                return r;
        d->from = gap->gap.from;
        d->ticks += gap->gap.lost;
        return 0;
}

static int plan_row(sqlite3_stmt *q, SpoolDropped *d) {
        if (sqlite3_column_bytes(q, 1) != SIGN_HASH_SIZE)
                return -EUCLEAN;
        d->to = (uint64_t)sqlite3_column_int64(q, 0);
        if (d->from == 0)
                d->from = d->to;
        memcpy(d->hash.bytes, sqlite3_column_blob(q, 1), SIGN_HASH_SIZE);
        d->created = (usec_t)sqlite3_column_int64(q, 2);
        d->ticks += (uint32_t)sqlite3_column_int64(q, 3);
        d->fresh += (uint32_t)sqlite3_column_int64(q, 3);
        if (!sqlite3_column_int(q, 4))
                return 0;
        return merge_gap(d, sqlite3_column_blob(q, 5), (size_t)sqlite3_column_bytes(q, 5));
}

/* Reads the front of the stream and says what is to go: a little more than needed, so that not
 * every batch brings a gap. */
static int plan_drop(Spool *s, SpoolDropped *d) {
        uint64_t freed = 0, wanted = s->stats.bytes - s->max_bytes + s->max_bytes / 16;
        sqlite3_stmt *q = spool_use(s, SPOOL_OLDEST);
        int r = 0;

        spool_bind_int(q, 1, d->incarnation);
        while ((freed < wanted || d->fresh == 0) && (r = spool_step(q)) > 0) {
                r = plan_row(q, d);
                if (r < 0)
                        break;
                freed += (uint64_t)sqlite3_column_bytes(q, 5);
        }
        sqlite3_reset(q);
        return r < 0 ? r : 0;
}

int spool_shrink(Spool *s, SpoolDropped *ret) {
        SPOOL_LOCKED(s);
        SpoolDropped d = { 0 };
        int r;

        if (s->stats.bytes <= s->max_bytes)
                return 0;
        r = oldest_stream(s, &d.incarnation);
        if (r <= 0)
                return r;
        r = plan_drop(s, &d);
        if (r < 0)
                return r;
        *ret = d;
        return 1;
}

int spool_put_gap(Spool *s, const SpoolDropped *dropped, const void *frame, size_t n) {
        SPOOL_LOCKED(s);
        SpoolStats less = { 0 };
        SpoolBatch gap = {
                .incarnation = dropped->incarnation,
                .sequence = dropped->to,
                .hash = dropped->hash,
                .created = dropped->created,
                .frame = frame,
                .n = n,
        };
        int r;

        r = spool_begin(s);
        if (r < 0)
                return r;
        r = delete_up_to(s, dropped->incarnation, dropped->to, &less);
        if (r >= 0)
                r = put_batch(s, &gap, true);
        r = spool_end(s, r);
        if (r < 0)
                return r;
        subtract(s, &less);
        s->stats.batches++;
        s->stats.bytes += n;
        s->stats.dropped_ticks += dropped->fresh;
        return 0;
}

/* Streams -------------------------------------------------------------------------------------- */

static SpoolStream read_stream(sqlite3_stmt *q) {
        SpoolStream x = {
                .incarnation = (uint64_t)sqlite3_column_int64(q, 0),
                .waiting = sqlite3_column_type(q, 1) != SQLITE_NULL,
                .oldest = (usec_t)sqlite3_column_int64(q, 1),
                .n_receipt = MIN((size_t)sqlite3_column_bytes(q, 2), sizeof(x.receipt)),
        };

        if (x.n_receipt > 0)
                memcpy(x.receipt, sqlite3_column_blob(q, 2), x.n_receipt);
        return x;
}

int spool_streams(Spool *s, SpoolStream *ret, size_t n) {
        SPOOL_LOCKED(s);
        sqlite3_stmt *q = spool_use(s, SPOOL_STREAMS);
        size_t found = 0;
        int r = 0;

        spool_bind_int(q, 1, n);
        while (found < n && (r = spool_step(q)) > 0)
                ret[found++] = read_stream(q);
        sqlite3_reset(q);
        return r < 0 ? r : (int)found;
}

int spool_has_others(Spool *s, uint64_t incarnation) {
        SPOOL_LOCKED(s);
        sqlite3_stmt *q = spool_use(s, SPOOL_OTHERS);
        int r;

        spool_bind_int(q, 1, incarnation);
        r = spool_step(q);
        if (r > 0)
                r = sqlite3_column_int(q, 0);
        sqlite3_reset(q);
        return r;
}

void spool_stats(const Spool *s, SpoolStats *ret) {
        SPOOL_LOCKED(s);
        *ret = s->stats;
}
