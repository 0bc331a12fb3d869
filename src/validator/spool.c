/* Statements are prepared once; each public function is one transaction. */
#include "validator/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define SPOOL_VERSION "1"

enum {
        BEGIN,
        COMMIT,
        ROLLBACK,
        PIN,
        PINNED,
        PROGRESS,
        PROGRESS_PUT,
        PUT,
        STREAM_PUT,
        NEXT,
        HASH,
        TRIM,
        RECEIPT_PUT,
        STREAMS,
        STREAM_DROP,
        STREAM_OLDEST,
        OLDEST,
        DROP,
        TOTALS,
        _STATEMENT_MAX,
};

static const char schema[] = "PRAGMA journal_mode = WAL;"
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA auto_vacuum = INCREMENTAL;"
                             "CREATE TABLE IF NOT EXISTS network (key BLOB NOT NULL);"
                             /* opened: order of streams; receipt: the newest one */
                             "CREATE TABLE IF NOT EXISTS stream (incarnation INTEGER PRIMARY KEY, "
                             "opened INTEGER NOT NULL, receipt BLOB);"
                             "CREATE TABLE IF NOT EXISTS batch (incarnation INTEGER NOT NULL, "
                             "sequence INTEGER NOT NULL, hash BLOB NOT NULL,"
                             "  created INTEGER NOT NULL, ticks INTEGER NOT NULL, gap INTEGER NOT "
                             "NULL, frame BLOB NOT NULL,"
                             "  PRIMARY KEY (incarnation, sequence, gap)) WITHOUT ROWID;"
                             "CREATE TABLE IF NOT EXISTS progress (work BLOB NOT NULL, probe "
                             "INTEGER NOT NULL, number INTEGER NOT NULL,"
                             "  touched INTEGER NOT NULL, PRIMARY KEY (work, probe)) WITHOUT ROWID;"
                             "PRAGMA user_version = " SPOOL_VERSION ";";

static const char *const statements[_STATEMENT_MAX] = {
        [BEGIN] = "BEGIN IMMEDIATE",
        [COMMIT] = "COMMIT",
        [ROLLBACK] = "ROLLBACK",
        [PIN] = "INSERT INTO network (key) VALUES (?1)",
        [PINNED] = "SELECT key FROM network",
        [PROGRESS] = "SELECT number FROM progress WHERE work = ?1 AND probe = ?2",
        [PROGRESS_PUT] = "INSERT INTO progress (work, probe, number, touched) VALUES (?1, ?2, ?3, "
                         "?4) "
                         "ON CONFLICT (work, probe) DO UPDATE SET number = max(number, ?3), "
                         "touched = ?4",
        [PUT] = "INSERT INTO batch (incarnation, sequence, hash, created, ticks, gap, frame) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [STREAM_PUT] = "INSERT INTO stream (incarnation, opened) VALUES (?1, ?2) ON CONFLICT DO "
                       "NOTHING",
        [NEXT] = "SELECT incarnation, sequence, hash, created, ticks, frame FROM batch "
                 "WHERE incarnation = ?1 AND sequence > ?2 ORDER BY sequence, gap LIMIT 1",
        [HASH] = "SELECT hash FROM batch WHERE incarnation = ?1 AND sequence = ?2",
        [TRIM] = "DELETE FROM batch WHERE incarnation = ?1 AND sequence <= ?2",
        [RECEIPT_PUT] = "UPDATE stream SET receipt = ?2 WHERE incarnation = ?1",
        [STREAMS] = "SELECT s.incarnation, count(b.sequence), min(b.created), s.receipt FROM "
                    "stream s "
                    "JOIN batch b ON b.incarnation = s.incarnation GROUP BY s.incarnation ORDER BY "
                    "s.opened LIMIT ?1",
        [STREAM_DROP] = "DELETE FROM stream WHERE incarnation NOT IN (SELECT incarnation FROM "
                        "batch) AND incarnation <> ?1",
        [STREAM_OLDEST] = "SELECT s.incarnation FROM stream s JOIN batch b ON b.incarnation = "
                          "s.incarnation "
                          "ORDER BY s.opened, b.sequence LIMIT 1",
        [OLDEST] = "SELECT sequence, hash, ticks, gap, length(frame), frame FROM batch WHERE "
                   "incarnation = ?1 "
                   "ORDER BY sequence, gap LIMIT ?2",
        [DROP] = "DELETE FROM batch WHERE incarnation = ?1 AND sequence <= ?2",
        [TOTALS] = "SELECT count(*), coalesce(sum(length(frame)), 0) FROM batch",
};

struct Spool {
        sqlite3 *db;
        sqlite3_stmt *statements[_STATEMENT_MAX];
        uint64_t max_bytes;
        SpoolStats stats;
};

static int to_errno(int code) {
        switch (code & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        case SQLITE_CONSTRAINT:
                return -EEXIST;
        default:
                return -EIO;
        }
}

/* Statements and values --------------------------------------------------------------------------
 */

static sqlite3_stmt *use(Spool *s, int which) {
        sqlite3_reset(s->statements[which]);
        sqlite3_clear_bindings(s->statements[which]);
        return s->statements[which];
}

static void bind_int(sqlite3_stmt *q, int i, uint64_t v) {
        sqlite3_bind_int64(q, i, (sqlite3_int64)v);
}

static void bind_blob(sqlite3_stmt *q, int i, const void *p, size_t n) {
        sqlite3_bind_blob(q, i, p, (int)n, SQLITE_STATIC);
}

/* 1: a row; 0: no more. */
static int step(sqlite3_stmt *q) {
        int code = sqlite3_step(q);

        return code == SQLITE_ROW ? 1 : to_errno(code);
}

static int run(sqlite3_stmt *q) {
        int r = step(q);

        sqlite3_reset(q);
        return r < 0 ? r : 0;
}

static int begin(Spool *s) {
        return run(use(s, BEGIN));
}

/* Commits what went well, takes back what did not. */
static int end(Spool *s, int r) {
        if (r >= 0)
                r = run(use(s, COMMIT));
        if (r < 0)
                (void)run(use(s, ROLLBACK));
        return r;
}

static int count(Spool *s) {
        sqlite3_stmt *q = use(s, TOTALS);
        int r = step(q);

        if (r > 0) {
                s->stats.batches = (uint64_t)sqlite3_column_int64(q, 0);
                s->stats.bytes = (uint64_t)sqlite3_column_int64(q, 1);
        }
        sqlite3_reset(q);
        return r < 0 ? r : 0;
}

/* Life -------------------------------------------------------------------------------------------
 */

static int make_file(const char *path) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        close(fd);
        return 0;
}

static int prepare(Spool *s) {
        for (int i = 0; i < _STATEMENT_MAX; i++) {
                int code = sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                              &s->statements[i], NULL);

                if (code != SQLITE_OK)
                        return to_errno(code);
        }
        return 0;
}

int spool_new(Spool **ret, const char *path, uint64_t max_bytes) {
        _cleanup_(spool_freep) Spool *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->max_bytes = max_bytes;

        r = make_file(path);
        if (r < 0)
                return r;

        r = to_errno(sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL));
        if (r < 0)
                return r;

        r = to_errno(sqlite3_exec(s->db, schema, NULL, NULL, NULL));
        if (r < 0)
                return r;

        r = prepare(s);
        if (r < 0)
                return r;

        r = count(s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

Spool *spool_free(Spool *s) {
        if (!s)
                return NULL;
        for (int i = 0; i < _STATEMENT_MAX; i++)
                sqlite3_finalize(s->statements[i]);
        sqlite3_close(s->db);
        free(s);
        return NULL;
}

int spool_pin(Spool *s, const PublicKey *network) {
        sqlite3_stmt *q = use(s, PINNED);
        int r = step(q);
        bool same = r > 0 && sqlite3_column_bytes(q, 0) == SIGN_PUBLIC_SIZE &&
                    memcmp(sqlite3_column_blob(q, 0), network->bytes, SIGN_PUBLIC_SIZE) == 0;

        sqlite3_reset(q);
        if (r < 0)
                return r;
        if (r > 0)
                return same;

        q = use(s, PIN);
        bind_blob(q, 1, network->bytes, SIGN_PUBLIC_SIZE);
        r = run(q);
        return r < 0 ? r : 1;
}

/* Progress and batches ---------------------------------------------------------------------------
 */

int64_t spool_progress(Spool *s, const OrderId *order, bool probe) {
        sqlite3_stmt *q = use(s, PROGRESS);
        int64_t number = -ENOENT;
        int r;

        bind_blob(q, 1, order->bytes, sizeof(order->bytes));
        bind_int(q, 2, probe);
        r = step(q);
        if (r != 0)
                number = r < 0 ? r : sqlite3_column_int64(q, 0);
        sqlite3_reset(q);
        return number;
}

static int put_progress(Spool *s, const SpoolProgress *p, usec_t now) {
        sqlite3_stmt *q = use(s, PROGRESS_PUT);

        bind_blob(q, 1, p->order.bytes, sizeof(p->order.bytes));
        bind_int(q, 2, p->probe);
        bind_int(q, 3, p->number);
        bind_int(q, 4, now);
        return run(q);
}

static int put_batch(Spool *s, const SpoolBatch *b, bool gap) {
        sqlite3_stmt *q = use(s, PUT);

        bind_int(q, 1, b->incarnation);
        bind_int(q, 2, b->sequence);
        bind_blob(q, 3, b->hash.bytes, sizeof(b->hash.bytes));
        bind_int(q, 4, b->created);
        bind_int(q, 5, b->count);
        bind_int(q, 6, gap);
        bind_blob(q, 7, b->frame, b->n);
        return run(q);
}

static int put_stream(Spool *s, const SpoolBatch *b) {
        sqlite3_stmt *q = use(s, STREAM_PUT);

        bind_int(q, 1, b->incarnation);
        bind_int(q, 2, b->created);
        return run(q);
}

int spool_put(Spool *s, const SpoolBatch *batch, const SpoolProgress *progress, size_t n) {
        int r;

        r = begin(s);
        if (r < 0)
                return r;
        r = put_stream(s, batch);
        if (r >= 0)
                r = put_batch(s, batch, false);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = put_progress(s, &progress[i], batch->created);
        r = end(s, r);
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
        sqlite3_stmt *q = use(s, NEXT);
        SpoolBatch b;
        int r;

        bind_int(q, 1, incarnation);
        bind_int(q, 2, after);
        r = step(q);
        if (r > 0 && read_batch(q, &b) < 0)
                r = -EUCLEAN;
        if (r > 0)
                visit(&b, userdata);
        sqlite3_reset(q);
        return r;
}

int spool_hash(Spool *s, uint64_t incarnation, uint64_t sequence, Hash *ret) {
        sqlite3_stmt *q = use(s, HASH);
        int r;

        bind_int(q, 1, incarnation);
        bind_int(q, 2, sequence);
        r = step(q);
        if (r > 0 && sqlite3_column_bytes(q, 0) == SIGN_HASH_SIZE)
                memcpy(ret->bytes, sqlite3_column_blob(q, 0), SIGN_HASH_SIZE);
        sqlite3_reset(q);
        return r;
}

/* Trimming and dropping --------------------------------------------------------------------------
 */

static int delete_up_to(Spool *s, int statement, uint64_t incarnation, uint64_t to) {
        sqlite3_stmt *q = use(s, statement);

        bind_int(q, 1, incarnation);
        bind_int(q, 2, to);
        return run(q);
}

int spool_trim(Spool *s, const Receipt *receipt, const void *bytes, size_t n) {
        sqlite3_stmt *q;
        int r;

        r = begin(s);
        if (r < 0)
                return r;
        r = delete_up_to(s, TRIM, receipt->incarnation, receipt->to);
        if (r >= 0) {
                q = use(s, RECEIPT_PUT);
                bind_int(q, 1, receipt->incarnation);
                bind_blob(q, 2, bytes, n);
                r = run(q);
        }
        if (r >= 0) {
                q = use(s, STREAM_DROP);
                bind_int(q, 1, receipt->incarnation);
                r = run(q);
        }
        r = end(s, r);
        return r < 0 ? r : count(s);
}

static int oldest_stream(Spool *s, uint64_t *ret) {
        sqlite3_stmt *q = use(s, STREAM_OLDEST);
        int r = step(q);

        if (r > 0)
                *ret = (uint64_t)sqlite3_column_int64(q, 0);
        sqlite3_reset(q);
        return r;
}

/* What an earlier gap at the front had lost already: its extension is (type, length, from u64, lost
 * u32). */
static void merge_gap(SpoolDropped *d, const uint8_t *frame, size_t n) {
        const uint8_t *value = frame + BATCH_HEADER_SIZE + 3;
        uint64_t from = 0;

        if (n < BATCH_HEADER_SIZE + 3 + 12)
                return;
        for (int i = 0; i < 8; i++)
                from = from << 8 | value[i];
        d->from = from;
        d->ticks += (uint32_t)value[8] << 24 | (uint32_t)value[9] << 16 | (uint32_t)value[10] << 8 |
                    value[11];
}

#define DROP_AT_ONCE 64

/* Reads the front of the stream and says what is to go. */
static int plan_drop(Spool *s, SpoolDropped *d) {
        sqlite3_stmt *q = use(s, OLDEST);
        int r;

        bind_int(q, 1, d->incarnation);
        bind_int(q, 2, DROP_AT_ONCE);
        while ((r = step(q)) > 0) {
                d->to = (uint64_t)sqlite3_column_int64(q, 0);
                if (d->from == 0)
                        d->from = d->to;
                if (sqlite3_column_bytes(q, 1) == SIGN_HASH_SIZE)
                        memcpy(d->hash.bytes, sqlite3_column_blob(q, 1), SIGN_HASH_SIZE);
                d->ticks += (uint32_t)sqlite3_column_int64(q, 2);
                if (sqlite3_column_int(q, 3))
                        merge_gap(d, sqlite3_column_blob(q, 5), (size_t)sqlite3_column_bytes(q, 5));
        }
        sqlite3_reset(q);
        return r;
}

int spool_shrink(Spool *s, SpoolDropped *ret) {
        int r;

        if (s->stats.bytes <= s->max_bytes)
                return 0;
        *ret = (SpoolDropped){ 0 };
        r = oldest_stream(s, &ret->incarnation);
        if (r <= 0)
                return r;
        r = plan_drop(s, ret);
        return r < 0 ? r : 1;
}

int spool_put_gap(Spool *s, const SpoolDropped *dropped, const void *frame, size_t n) {
        SpoolBatch gap = {
                .incarnation = dropped->incarnation,
                .sequence = dropped->to,
                .hash = dropped->hash,
                .frame = frame,
                .n = n,
        };
        int r;

        r = begin(s);
        if (r < 0)
                return r;
        r = delete_up_to(s, DROP, dropped->incarnation, dropped->to);
        if (r >= 0)
                r = put_batch(s, &gap, true);
        r = end(s, r);
        if (r < 0)
                return r;
        s->stats.dropped_ticks += dropped->ticks;
        return count(s);
}

/* Streams ----------------------------------------------------------------------------------------
 */

int spool_streams(Spool *s, SpoolStream *ret, size_t n) {
        sqlite3_stmt *q = use(s, STREAMS);
        size_t found = 0;
        int r;

        bind_int(q, 1, n);
        while ((r = step(q)) > 0 && found < n) {
                SpoolStream *x = &ret[found++];

                *x = (SpoolStream){
                        .incarnation = (uint64_t)sqlite3_column_int64(q, 0),
                        .batches = (uint64_t)sqlite3_column_int64(q, 1),
                        .oldest = (usec_t)sqlite3_column_int64(q, 2),
                        .n_receipt = MIN((size_t)sqlite3_column_bytes(q, 3), sizeof(x->receipt)),
                };
                if (x->n_receipt > 0)
                        memcpy(x->receipt, sqlite3_column_blob(q, 3), x->n_receipt);
        }
        sqlite3_reset(q);
        return r < 0 ? r : (int)found;
}

int spool_take_stream(Spool *s, uint64_t incarnation, SpoolVisit visit, void *userdata) {
        uint64_t after = 0;
        SpoolBatch b;
        sqlite3_stmt *q;
        int r;

        for (;;) {
                q = use(s, NEXT);
                bind_int(q, 1, incarnation);
                bind_int(q, 2, after);
                r = step(q);
                if (r <= 0 || read_batch(q, &b) < 0)
                        break;
                after = b.sequence;
                visit(&b, userdata);
        }
        sqlite3_reset(q);
        if (r < 0)
                return r;
        r = delete_up_to(s, DROP, incarnation, after);
        return r < 0 ? r : count(s);
}

void spool_stats(const Spool *s, SpoolStats *ret) {
        *ret = s->stats;
}
