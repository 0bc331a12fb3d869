/* From results to what callbacks take: rows, one JSON text, or only whether something changed. */
#include "store/read.h"

#include <errno.h>
#include <string.h>

static void finish_change(const StoreCall *c, int r, const PqResult *last, const char *error) {
        if (r == 0 && pq_rows(last) == 0 && pq_changed(last) == 0)
                r = -ENOENT;
        ((StoreDone)c->callback)(r, error, c->userdata);
}

int store_change(Store *s, PqTransaction *t, const StoreAnswer *answer) {
        const StoreCall c = { .finish = finish_change,
                              .callback = answer->callback,
                              .userdata = answer->userdata };

        return store_call(s, t, &c, answer->ret);
}

static void finish_json(const StoreCall *c, int r, const PqResult *last,
                        const char *error _unused_) {
        StoreJson callback = (StoreJson)c->callback;
        const char *json = NULL;

        if (r == 0 && (pq_rows(last) == 0 || pq_is_null(last, 0, 0)))
                r = -ENOENT;
        if (r == 0)
                json = pq_get_text(last, 0, 0);
        callback(r, json, json ? strlen(json) : 0, c->userdata);
}

int store_read_json(Store *s, PqTransaction *t, const StoreAnswer *answer) {
        const StoreCall c = { .finish = finish_json,
                              .callback = answer->callback,
                              .userdata = answer->userdata };

        return store_call(s, t, &c, answer->ret);
}

static void free_rows(const StoreReader *reader, char *rows, size_t n) {
        for (size_t i = 0; rows && reader->done && i < n; i++)
                reader->done(rows + i * reader->size);
        free(rows);
}

static void finish_rows(const StoreCall *c, int r, const PqResult *last,
                        const char *error _unused_) {
        const StoreReader *reader = c->reader;
        size_t n = r == 0 ? pq_rows(last) : 0;
        char *rows = NULL;

        if (n > 0) {
                rows = calloc(n, reader->size);
                r = rows ? 0 : -ENOMEM;
        }
        for (size_t i = 0; r == 0 && i < n; i++)
                r = reader->row(last, i, rows + i * reader->size);

        reader->deliver(c->callback, r, r == 0 ? rows : NULL, r == 0 ? n : 0, c->userdata);
        free_rows(reader, rows, n);
}

int store_read(Store *s, PqTransaction *t, const StoreReader *reader, const StoreAnswer *answer) {
        const StoreCall c = { .finish = finish_rows,
                              .reader = reader,
                              .callback = answer->callback,
                              .userdata = answer->userdata };

        return store_call(s, t, &c, answer->ret);
}

PqTransaction *store_begin(const PqStatement *first) {
        PqTransaction *t;

        t = pq_transaction_new();
        if (t)
                pq_add(t, first);
        return t;
}

void store_put_after(PqTransaction *t, const Uuid *after) {
        static const Uuid first = { 0 };

        pq_uuid(t, after ? after : &first);
}

int store_get_bytes(const PqResult *result, size_t row, int column, void *ret, size_t n) {
        int r;

        r = pq_get_bytes(result, row, column, ret, n);
        if (r < 0)
                return r;
        return (size_t)r == n ? 0 : -EBADMSG;
}

int store_get_blob(const PqResult *result, size_t row, int column, const uint8_t **ret,
                   size_t *ret_n) {
        uint8_t *blob;
        int r;

        r = pq_get_blob(result, row, column, &blob, ret_n);
        if (r < 0)
                return r;
        *ret = blob;
        return 0;
}
