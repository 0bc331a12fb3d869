/* What was noted of pages, then batches of some commits and the orders they name, again and again;
 * all of it becomes one transaction. */
#include "hub/recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "hub/pages.h"
#include "wire/batch.h"
#include "wire/receipt.h"

#define BATCHES_MOST 500u /* at once */

typedef struct NoteKey {
        uint32_t website, span; /* PAGE_SPANs since 1970 */
} NoteKey;

typedef struct Note {
        NoteKey key;
        uint64_t commit_no;
        UT_hash_handle hh;
} Note;

typedef struct Named {
        PageOrder order; /* row 0: there is none */
        UT_hash_handle hh;
} Named;

typedef struct Kept {
        uint64_t id, commit_no;
        uint32_t validator;
        Batch *batch;
        uint8_t codes[BATCH_TICKS_MAX];
} Kept;

struct Recover {
        RecoverOptions options;
        HubStateRow state;
        StoreCall *call;
        Pages *pages;
        Note *notes;
        Named *orders;
        Kept *kept; /* n_kept of them, of the commits that are being read */
        size_t n_kept;
        uint64_t reached;     /* commits up to here are read */
        uint64_t ticks, lost; /* lost: of batches or orders that cannot be read */
};

static void finish(Recover *v, int r) {
        v->options.done(r, &v->state, v->options.userdata);
}

static void drop_kept(Recover *v) {
        for (size_t i = 0; i < v->n_kept; i++)
                batch_free(v->kept[i].batch);
        free(v->kept);
        v->kept = NULL;
        v->n_kept = 0;
}

Recover *recover_free(Recover *v) {
        Named *order, *next_order;
        Note *note, *next_note;

        if (!v)
                return NULL;
        store_call_cancel(v->call);
        HASH_ITER(hh, v->notes, note, next_note) {
                HASH_DEL(v->notes, note);
                free(note);
        }
        HASH_ITER(hh, v->orders, order, next_order) {
                HASH_DEL(v->orders, order);
                free(order);
        }
        drop_kept(v);
        pages_free(v->pages);
        free(v);
        return NULL;
}

/* Pages ---------------------------------------------------------------------------------------- */

static void on_settled(int r, const char *error, void *userdata) {
        Recover *v = userdata;

        v->call = NULL;
        if (r < 0)
                log_warning("pages of before were not written: %s", error ? error : strerror(-r));
        else
                log_info("%llu ticks of the last commits were written to their pages",
                         (unsigned long long)v->ticks);
        if (r >= 0 && v->lost > 0)
                log_warning("of %llu ticks the batch or the order cannot be read: they have no "
                            "page",
                            (unsigned long long)v->lost);
        finish(v, r);
}

static int write_pages(Recover *v) {
        const PagesCommit all = { .commit_no = v->state.commit_no, .all = true };
        _cleanup_(pq_transaction_freep) PqTransaction *t = pq_transaction_new();
        uint64_t done;
        int r;

        if (!t)
                return -ENOMEM;
        r = pages_send(v->pages, t, &all, &done);
        if (r < 0)
                return r;
        pages_settle(t, v->state.paged_no, done);
        return store_submit(v->options.store, TAKE_PTR(t), on_settled, v, &v->call);
}

static bool has_page(const Kept *kept, uint16_t index) {
        return kept->codes[index] == DISPOSITION_ACCEPTED || kept->codes[index] == DISPOSITION_LATE;
}

static Named *named(const Recover *v, const OrderId *id) {
        Named *order;

        HASH_FIND(hh, v->orders, id, sizeof(*id), order);
        return order;
}

static bool is_written(const Recover *v, const TickRow *row, uint64_t commit_no) {
        const NoteKey key = { row->website, (uint32_t)(page_span(&row->tick) / PAGE_SPAN) };
        const Note *note;

        HASH_FIND(hh, v->notes, &key, sizeof(key), note);
        return note && note->commit_no >= commit_no;
}

static int take_tick(Recover *v, const Kept *kept, uint16_t index) {
        const Tick *tick = &kept->batch->ticks[index];
        const Named *order;
        TickRow row;

        if (!has_page(kept, index))
                return 0;
        order = named(v, &tick->order);
        if (!order || order->order.row == 0) {
                v->lost++;
                return 0;
        }
        row = (TickRow){ .website = order->order.website,
                         .validator = kept->validator,
                         .order = order->order.row,
                         .batch = kept->id,
                         .late = kept->codes[index] == DISPOSITION_LATE,
                         .tick = *tick };
        if (is_written(v, &row, kept->commit_no))
                return 0;
        v->ticks++;
        return pages_add(v->pages, &row, kept->commit_no, 0);
}

static int take_kept(Recover *v) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < v->n_kept; i++)
                for (uint16_t k = 0; r >= 0 && k < v->kept[i].batch->header.count; k++)
                        r = take_tick(v, &v->kept[i], k);
        drop_kept(v);
        return r;
}

/* Orders --------------------------------------------------------------------------------------- */

static int read_batches(Recover *v);

static void on_orders(int r, const PageOrder *rows, size_t n, void *userdata) {
        Recover *v = userdata;

        v->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++)
                named(v, &rows[i].id)->order = rows[i];
        if (r >= 0)
                r = take_kept(v);
        if (r >= 0)
                r = read_batches(v);
        if (r < 0)
                finish(v, r);
}

/* Remembers those that are not known yet; their ids are `ids`, of which there is room for all. */
static int name_orders(Recover *v, const Kept *kept, OrderId *ids, size_t *n) {
        for (uint16_t k = 0; k < kept->batch->header.count; k++) {
                const OrderId *id = &kept->batch->ticks[k].order;
                Named *order;

                if (!has_page(kept, k) || named(v, id))
                        continue;
                order = calloc(1, sizeof(*order));
                if (!order)
                        return -ENOMEM;
                order->order.id = *id;
                HASH_ADD(hh, v->orders, order.id, sizeof(*id), order);
                ids[(*n)++] = *id;
        }
        return 0;
}

static int read_orders(Recover *v) {
        _cleanup_free_ OrderId *ids = NULL;
        size_t most = 0, n = 0;
        int r;

        for (size_t i = 0; i < v->n_kept; i++)
                most += v->kept[i].batch->header.count;
        ids = calloc(most + 1, sizeof(*ids));
        if (!ids)
                return -ENOMEM;
        for (size_t i = 0; i < v->n_kept; i++) {
                r = name_orders(v, &v->kept[i], ids, &n);
                if (r < 0)
                        return r;
        }
        return page_orders_load(v->options.store, &(const OrderIds){ ids, n }, on_orders, v,
                                &v->call);
}

/* Batches -------------------------------------------------------------------------------------- */

/* What the hub before took in, so that only a damaged one is refused. */
static int keep(Recover *v, const PageBatch *row) {
        Kept *kept = &v->kept[v->n_kept];
        int r;

        v->reached = row->commit_no;
        r = batch_parse(row->frame, row->n_frame, &kept->batch);
        if (r < 0 || row->n_codes != kept->batch->header.count) {
                kept->batch = batch_free(kept->batch);
                v->lost += row->n_codes;
                return r == -ENOMEM ? r : 0;
        }
        v->n_kept++;
        kept->id = row->id;
        kept->commit_no = row->commit_no;
        kept->validator = row->validator;
        memcpy(kept->codes, row->codes, row->n_codes);
        return 0;
}

static void on_batches(int r, const PageBatch *rows, size_t n, void *userdata) {
        Recover *v = userdata;

        v->call = NULL;
        v->kept = r >= 0 && n > 0 ? calloc(n, sizeof(*v->kept)) : NULL;
        if (r >= 0 && n > 0 && !v->kept)
                r = -ENOMEM;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = keep(v, &rows[i]);
        if (r >= 0)
                r = n > 0 ? read_orders(v) : write_pages(v);
        if (r < 0)
                finish(v, r);
}

static int read_batches(Recover *v) {
        return page_batches_load(v->options.store,
                                 &(const PageCommits){ .after = v->reached,
                                                       .until = v->state.commit_no,
                                                       .limit = BATCHES_MOST },
                                 on_batches, v, &v->call);
}

/* Notes ---------------------------------------------------------------------------------------- */

static int add_note(Recover *v, const PageNote *row) {
        Note *note = calloc(1, sizeof(*note));

        if (!note)
                return -ENOMEM;
        note->key = (NoteKey){ row->website, (uint32_t)(row->span / PAGE_SPAN) };
        note->commit_no = row->commit_no;
        HASH_ADD(hh, v->notes, key, sizeof(note->key), note);
        return 0;
}

static void on_notes(int r, const PageNote *rows, size_t n, void *userdata) {
        Recover *v = userdata;

        v->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = add_note(v, &rows[i]);
        if (r >= 0)
                r = read_batches(v);
        if (r < 0)
                finish(v, r);
}

/* State ---------------------------------------------------------------------------------------- */

static bool is_foreign(const Recover *v) {
        return v->state.has_network_key &&
               memcmp(v->state.network_key, v->options.network->bytes, SIGN_PUBLIC_SIZE) != 0;
}

static void on_state(int r, const HubStateRow *rows, size_t n, void *userdata) {
        Recover *v = userdata;

        v->call = NULL;
        if (r >= 0 && n != 1)
                r = -EIO;
        if (r >= 0)
                v->state = *rows;
        if (r >= 0 && is_foreign(v))
                r = -EKEYREJECTED;
        v->reached = v->state.paged_no;
        if (r >= 0 && v->state.paged_no < v->state.commit_no)
                r = page_notes_load(v->options.store, on_notes, v, &v->call);
        if (r < 0 || !v->call)
                finish(v, r);
}

int recover_new(Recover **ret, const RecoverOptions *options) {
        _cleanup_(recover_freep) Recover *v = calloc(1, sizeof(*v));
        int r;

        if (!v)
                return -ENOMEM;
        v->options = *options;
        r = pages_new(&v->pages);
        if (r < 0)
                return r;

        r = hub_state_load(options->store, on_state, v, &v->call);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(v);
        return 0;
}
