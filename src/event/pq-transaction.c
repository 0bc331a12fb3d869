/* Builds parameters as libpq sends them. Scalars whose SQL type may vary (numbers, bool, text) go
 * as text and the server infers the type; bytea, uuid, timestamptz, inet and arrays go binary. */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "event/pq-internal.h"

enum {
        TEXT = 0,
        BINARY = 1,
        PIECE = 64 * 1024,  /* bytes handed to libpq at once */
        STATEMENT_SIZE = 64 /* about, without its values */
};

/* The wire form of an array's elements; size 0 is any. */
typedef struct PqElement {
        uint32_t oid; /* of pg_type */
        int size;
        int64_t min, max;
} PqElement;

static const PqElement elements[] = {
        [PQ_INT2] = { 21, 2, INT16_MIN, INT16_MAX },
        [PQ_INT4] = { 23, 4, INT32_MIN, INT32_MAX },
        [PQ_INT8] = { 20, 8, INT64_MIN, INT64_MAX },
        [PQ_TEXT] = { .oid = 25 },
        [PQ_BYTEA] = { .oid = 17 },
        [PQ_UUID] = { .oid = 2950, .size = 16 },
        [PQ_TIMESTAMPTZ] = { .oid = 1184, .size = 8 },
        [PQ_BOOL] = { .oid = 16, .size = 1 },
};

typedef struct ArrayHeader {
        uint32_t dimensions, has_null, oid, length, lower;
} ArrayHeader;

PqTransaction *pq_transaction_new(void) {
        return calloc(1, sizeof(PqTransaction));
}

PqTransaction *pq_transaction_free(PqTransaction *t) {
        if (!t)
                return NULL;
        free(t->commands);
        free(t->parameters);
        free(t->bytes);
        free(t->rows);
        free(t);
        return NULL;
}

bool pq_transaction_grow(PqTransaction *t, void *p, size_t *max, size_t needed, size_t item) {
        if (t->error < 0)
                return false;
        t->error = array_reserve(p, max, needed, item);
        return t->error >= 0;
}

static void put(PqTransaction *t, const void *bytes, size_t n) {
        if (!pq_transaction_grow(t, &t->bytes, &t->bytes_max, t->n_bytes + n, 1))
                return;
        if (n > 0)
                memcpy(t->bytes + t->n_bytes, bytes, n);
        t->n_bytes += n;
}

static void put_u32(PqTransaction *t, uint32_t v) {
        uint32_t big = htobe32(v);

        put(t, &big, sizeof(big));
}

static PqParameter *add_parameter(PqTransaction *t, int format) {
        PqParameter *p;

        assert(t->error < 0 || t->n_commands > 0);
        if (!pq_transaction_grow(t, &t->parameters, &t->parameters_max, t->n_parameters + 1,
                                 sizeof(*p)))
                return NULL;
        t->commands[t->n_commands - 1].n++;
        p = &t->parameters[t->n_parameters++];
        *p = (PqParameter){ .offset = t->n_bytes, .format = format };
        return p;
}

/* value NULL: an SQL NULL. */
static void add_element(PqTransaction *t, const void *value, size_t n) {
        if (value) {
                assert(!t->array->size || (size_t)t->array->size == n);
                put_u32(t, (uint32_t)n);
                put(t, value, n);
        } else {
                t->has_null = true;
                put_u32(t, UINT32_MAX);
        }
        t->n_elements++;
}

static void add_value(PqTransaction *t, const void *value, size_t n, int format) {
        PqParameter *p;

        if (n > INT_MAX) {
                t->error = -ENOMEM;
                return;
        }
        if (t->array) {
                add_element(t, value, n);
                return;
        }
        p = add_parameter(t, format);
        if (!p)
                return;
        p->null = !value;
        p->size = (int)n;
        if (value)
                put(t, value, n);
        put(t, "", 1); /* libpq reads text up to its NUL */
}

void pq_add(PqTransaction *t, const PqStatement *s) {
        assert(!t->array);
        if (!pq_transaction_grow(t, &t->commands, &t->commands_max, t->n_commands + 1,
                                 sizeof(PqCommand)))
                return;
        t->commands[t->n_commands++] = (PqCommand){ .statement = s, .first = t->n_parameters };
}

size_t pq_transaction_count(const PqTransaction *t) {
        return t->n_commands;
}

void pq_null(PqTransaction *t) {
        add_value(t, NULL, 0, TEXT);
}

void pq_bool(PqTransaction *t, bool v) {
        if (t->array)
                add_value(t, v ? "\1" : "\0", 1, BINARY);
        else
                add_value(t, v ? "t" : "f", 1, TEXT);
}

static void add_integer_element(PqTransaction *t, int64_t v) {
        uint64_t big = htobe64((uint64_t)v);

        assert(t->array->min < t->array->max); /* an array of integers */
        if (v < t->array->min || v > t->array->max)
                t->error = t->error < 0 ? t->error : -ERANGE;
        else
                add_element(t, (char *)&big + 8 - t->array->size, (size_t)t->array->size);
}

void pq_int(PqTransaction *t, int64_t v) {
        char text[24];
        int n;

        if (t->array) {
                add_integer_element(t, v);
                return;
        }
        n = snprintf(text, sizeof(text), "%" PRId64, v);
        add_value(t, text, (size_t)n, TEXT);
}

void pq_real(PqTransaction *t, double v) {
        char text[32];
        int n;

        assert(!t->array);
        n = snprintf(text, sizeof(text), "%.17g", v);
        add_value(t, text, (size_t)n, TEXT);
}

void pq_text(PqTransaction *t, const char *v) {
        add_value(t, v, v ? strlen(v) : 0, TEXT);
}

void pq_bytes(PqTransaction *t, const void *v, size_t n) {
        add_value(t, n > 0 ? v : "", n, BINARY);
}

void pq_uuid(PqTransaction *t, const Uuid *v) {
        add_value(t, v->bytes, sizeof(v->bytes), BINARY);
}

void pq_time(PqTransaction *t, usec_t v) {
        uint64_t big = htobe64((uint64_t)((int64_t)v - PQ_EPOCH));

        add_value(t, v == USEC_INFINITY ? NULL : &big, sizeof(big), BINARY);
}

void pq_array_open(PqTransaction *t, PqArray type) {
        const ArrayHeader none = {};

        assert(!t->array);
        t->array = &elements[type];
        t->n_elements = 0;
        t->has_null = false;
        (void)add_parameter(t, BINARY);
        put(t, &none, sizeof(none)); /* known when closed */
}

/* An empty array has no dimension, and its header ends there. */
static void close_binary(PqTransaction *t, size_t offset) {
        const ArrayHeader header = {
                .dimensions = htobe32(t->n_elements > 0),
                .has_null = htobe32(t->has_null),
                .oid = htobe32(t->array->oid),
                .length = htobe32((uint32_t)t->n_elements),
                .lower = htobe32(1),
        };

        if (t->n_elements == 0)
                t->n_bytes = offset + offsetof(ArrayHeader, length);
        memcpy(t->bytes + offset, &header, MIN(sizeof(header), t->n_bytes - offset));
}

void pq_array_close(PqTransaction *t) {
        PqParameter *p;

        assert(t->array);
        if (t->error >= 0) {
                p = &t->parameters[t->n_parameters - 1];
                close_binary(t, p->offset);
                if (t->n_bytes - p->offset > INT_MAX)
                        t->error = -ENOMEM;
                else
                        p->size = (int)(t->n_bytes - p->offset);
        }
        t->array = NULL;
}

static int send_command(const PqTransaction *t, const PqCommand *c, PGconn *conn,
                        size_t *ret_bytes) {
        const char *values[PQ_PARAMS_MAX];
        int sizes[PQ_PARAMS_MAX], formats[PQ_PARAMS_MAX];

        assert(c->n == c->statement->n_params && c->n <= PQ_PARAMS_MAX);
        for (int i = 0; i < c->n; i++) {
                const PqParameter *p = &t->parameters[c->first + (size_t)i];

                values[i] = p->null ? NULL : t->bytes + p->offset;
                sizes[i] = p->size;
                formats[i] = p->format;
                *ret_bytes += (size_t)p->size;
        }
        *ret_bytes += STATEMENT_SIZE;
        if (!PQsendQueryPrepared(conn, c->statement->name, c->n, values, sizes, formats,
                                 c->statement->binary ? BINARY : TEXT))
                return -EIO;
        return 0;
}

/* A transaction is what lies between two syncs; with COPY, which has a sync of its own, it is what
 * lies between BEGIN and COMMIT. */
static int send_end(const PqTransaction *t, PGconn *conn) {
        if (t->copy && !PQsendQueryParams(conn, "COMMIT", 0, NULL, NULL, NULL, NULL, TEXT))
                return -EIO;
        return PQpipelineSync(conn) == 1 ? 1 : -EIO;
}

/* libpq moves all that it holds whenever the socket takes a part: so it never holds much. */
int pq_transaction_send(const PqTransaction *t, size_t *sent, PGconn *conn) {
        size_t bytes = PIECE; /* what the one before it left */
        int r;

        assert(!t->array);
        while (*sent < t->n_commands) {
                if (bytes >= PIECE) {
                        r = PQflush(conn);
                        if (r != 0)
                                return r < 0 ? -EIO : 0;
                        bytes = 0;
                }
                r = send_command(t, &t->commands[*sent], conn, &bytes);
                if (r < 0)
                        return r;
                ++*sent;
        }
        return send_end(t, conn);
}
