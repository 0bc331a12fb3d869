/* Pages are rows of COPY's binary format, of which only the last column has no fixed size. */
#include "store/pages.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/pq-copy.h"
#include "store/column.h"
#include "store/read.h"

static const PqCopy tick_page_copy = {
        "COPY tick_page (span, website_id, ticks) FROM STDIN (FORMAT binary)",
};

/* Of that list, in its order; then the bytes. */
typedef struct _packed_ PageFields {
        PqFields n;
        PqField8 span;
        PqField4 website;
        uint32_t size; /* of what follows */
        uint32_t bits;
} PageFields;

typedef struct _packed_ TickBytes {
        uint32_t started;
        uint64_t order, batch;
        uint32_t validator, number;
        uint32_t dns, connect, tls, wait, transfer;
        uint16_t status;
        uint8_t error_class, flags;
} TickBytes;

static_assert(sizeof(TickBytes) == PAGE_TICK_SIZE, "without a hole");

static const PqStatement tick_paged_put = {
        .name = "tick_paged_put",
        .sql = "INSERT INTO tick_paged VALUES ($1, $2::integer[], $3::timestamptz[])",
        .n_params = 3,
};

static const PqStatement tick_paged_forget = {
        .name = "tick_paged_forget",
        .sql = "DELETE FROM tick_paged WHERE commit_no <= $1",
        .n_params = 1,
};

static const PqStatement tick_paged_settle = {
        .name = "tick_paged_settle",
        .sql = "SELECT pages_settle($1, $2)",
        .n_params = 2,
};

static const PqStatement tick_paged_all = {
        .name = "tick_paged_all",
        .sql = "SELECT website, usec(span), max(commit_no)"
               " FROM tick_paged, unnest(websites, spans) AS p (website, span) GROUP BY 1, 2",
        .n_params = 0,
};

static const PqStatement page_batches = {
        .name = "page_batches",
        .sql = "SELECT id, commit_no, validator_id, codes, frame || rest FROM tick_batch"
               " WHERE commit_no > $1 AND count > 0 AND commit_no <= least($2::bigint,"
               "   (SELECT commit_no FROM tick_batch WHERE commit_no > $1 AND count > 0"
               "    ORDER BY commit_no OFFSET $3 LIMIT 1))"
               " ORDER BY commit_no, id",
        .n_params = 3,
};

static const PqStatement page_orders = {
        .name = "page_orders",
        .sql = "SELECT public_id, id, website_id FROM work_order"
               " WHERE public_id = ANY ($1::bytea[])",
        .n_params = 1,
};

const PqStatement *const pages_statements[] = {
        &page_batches,   &page_orders, &tick_paged_all, &tick_paged_forget, &tick_paged_settle,
        &tick_paged_put, NULL,
};

/* Writing ---------------------------------------------------------------------------------------
 */

usec_t page_span(const Tick *tick) {
        return (usec_t)tick->start - (usec_t)tick->start % PAGE_SPAN;
}

usec_t page_span_ticks(usec_t seats, usec_t interval) {
        return MAX(seats * PAGE_SPAN / MAX(interval, (usec_t)1), (usec_t)PAGE_SPAN_LEAST);
}

/* PostgreSQL's numbers have a sign; a phase of more than 35 minutes is a lie or a lost validator
 * anyway. */
static uint32_t saturated(uint32_t v) {
        return htobe32(MIN(v, (uint32_t)INT32_MAX));
}

void page_encode(const TickRow *row, uint8_t ret[static PAGE_TICK_SIZE]) {
        const Tick *tick = &row->tick;
        const TickPhases *p = &tick->phases;
        const TickBytes bytes = {
                .started = htobe32((uint32_t)((usec_t)tick->start % PAGE_SPAN)),
                .order = htobe64(row->order),
                .batch = htobe64(row->batch),
                .validator = htobe32(row->validator),
                .number = saturated(tick->number),
                .dns = saturated(p->dns),
                .connect = saturated(p->connect),
                .tls = saturated(p->tls),
                .wait = saturated(p->wait),
                .transfer = saturated(p->transfer),
                .status = htobe16((uint16_t)MIN(tick->status, INT16_MAX)),
                .error_class = tick->error,
                .flags = (uint8_t)(tick->outcome | tick->kind << 2 | row->late << 4),
        };

        memcpy(ret, &bytes, sizeof(bytes));
}

PageTick page_decode(const uint8_t bytes[static PAGE_TICK_SIZE]) {
        TickBytes b;

        memcpy(&b, bytes, sizeof(b));
        return (PageTick){
                .started = be32toh(b.started),
                .order = be64toh(b.order),
                .batch = be64toh(b.batch),
                .validator = be32toh(b.validator),
                .number = be32toh(b.number),
                .phases = { be32toh(b.dns), be32toh(b.connect), be32toh(b.tls), be32toh(b.wait),
                            be32toh(b.transfer) },
                .status = be16toh(b.status),
                .error = b.error_class,
                .outcome = (TickOutcome)(b.flags & 3),
                .kind = (TickKind)(b.flags >> 2 & 3),
                .late = b.flags & 16,
        };
}

void page_put(PqTransaction *t, const TickPage *page) {
        uint32_t n = page->n * PAGE_TICK_SIZE;
        const PageFields fields = {
                .n = pq_fields(3),
                .span = pq_field_time(page->span),
                .website = pq_field4((int32_t)page->website),
                .size = htobe32((uint32_t)sizeof(fields.bits) + n),
                .bits = htobe32(8 * n),
        };
        uint8_t *to = pq_copy(t, &tick_page_copy, sizeof(fields) + n);

        if (!to)
                return;
        memcpy(to, &fields, sizeof(fields));
        memcpy(to + sizeof(fields), page->ticks, n);
}

void pages_note(PqTransaction *t, uint64_t commit_no, const TickPage *pages, size_t n) {
        pq_add(t, &tick_paged_put);
        pq_int(t, (int64_t)commit_no);
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, pages[i].website));
        STORE_COLUMN(t, n, PQ_TIMESTAMPTZ, pq_time(t, pages[i].span));
}

void pages_forget(PqTransaction *t, uint64_t commit_no) {
        pq_add(t, &tick_paged_forget);
        pq_int(t, (int64_t)commit_no);
}

void pages_settle(PqTransaction *t, uint64_t paged_no, uint64_t commit_no) {
        pq_add(t, &tick_paged_settle);
        pq_int(t, (int64_t)paged_no);
        pq_int(t, (int64_t)commit_no);
}

int page_find_ticks(const PqResult *result, size_t row, int column, const uint8_t **ret) {
        uint32_t bits = 0;
        size_t size;
        const uint8_t *bytes = pq_raw_bytes(result, row, column, &size);

        if (size < sizeof(bits))
                return -EBADMSG;
        memcpy(&bits, bytes, sizeof(bits));
        size -= sizeof(bits);
        if (be32toh(bits) != 8 * size || size % PAGE_TICK_SIZE != 0 ||
            size > (size_t)PAGE_TICKS_MAX * PAGE_TICK_SIZE)
                return -EBADMSG;
        *ret = bytes + sizeof(bits);
        return (int)(size / PAGE_TICK_SIZE);
}

/* Reading ---------------------------------------------------------------------------------------
 */

static int read_note(const PqResult *result, size_t i, void *ret) {
        *(PageNote *)ret = (PageNote){
                .website = (uint32_t)pq_get_int(result, i, 0),
                .span = pq_get_time(result, i, 1),
                .commit_no = (uint64_t)pq_get_int(result, i, 2),
        };
        return 0;
}

STORE_READER(note_reader, PageNote, PageNotes, read_note, NULL);

int page_notes_load(Store *s, PageNotes callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&tick_paged_all), &note_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

static int read_batch(const PqResult *result, size_t i, void *ret) {
        PageBatch *row = ret;
        int r;

        row->id = (uint64_t)pq_get_int(result, i, 0);
        row->commit_no = (uint64_t)pq_get_int(result, i, 1);
        row->validator = (uint32_t)pq_get_int(result, i, 2);

        r = store_get_blob(result, i, 3, &row->codes, &row->n_codes);
        if (r < 0)
                return r;

        return store_get_blob(result, i, 4, &row->frame, &row->n_frame);
}

static void free_batch(void *p) {
        PageBatch *row = p;

        free((void *)row->codes);
        free((void *)row->frame);
}

STORE_READER(batch_reader, PageBatch, PageBatches, read_batch, free_batch);

int page_batches_load(Store *s, const PageCommits *commits, PageBatches callback, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = store_begin(&page_batches);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)commits->after);
        pq_int(t, (int64_t)commits->until);
        pq_int(t, commits->limit);
        return store_read(s, t, &batch_reader, STORE_ANSWER(callback, userdata, ret));
}

static int read_order(const PqResult *result, size_t i, void *ret) {
        PageOrder *row = ret;

        row->row = (uint64_t)pq_get_int(result, i, 1);
        row->website = (uint32_t)pq_get_int(result, i, 2);
        return store_get_bytes(result, i, 0, row->id.bytes, sizeof(row->id.bytes));
}

STORE_READER(order_reader, PageOrder, PageOrders, read_order, NULL);

int page_orders_load(Store *s, const OrderIds *ids, PageOrders callback, void *userdata,
                     StoreCall **ret) {
        PqTransaction *t = store_begin(&page_orders);

        if (!t)
                return -ENOMEM;
        STORE_COLUMN(t, ids->n, PQ_BYTEA,
                     pq_bytes(t, ids->ids[i].bytes, sizeof(ids->ids[i].bytes)));
        return store_read(s, t, &order_reader, STORE_ANSWER(callback, userdata, ret));
}
