/* Rows by COPY, PostgreSQL's way to take many: in a transaction, before the first of its statements
 * runs. A row is a packed struct: PqFields, the number of columns, then a field for each in the
 * order of COPY's list, as COPY's binary format has them (PostgreSQL's page on COPY). While such a
 * transaction is on its way later ones wait for it: libpq does not pipeline COPY. */
#pragma once

#include <endian.h>
#include <stdint.h>

#include "base/macro.h"
#include "event/pq.h"

typedef struct PqCopy {
        const char *sql; /* "COPY t (a, b) FROM STDIN (FORMAT binary)" */
} PqCopy;

typedef uint16_t PqFields;
typedef struct _packed_ PqField1 {
        uint32_t size;
        uint8_t v;
} PqField1;
typedef struct _packed_ PqField2 {
        uint32_t size;
        uint16_t v;
} PqField2;
typedef struct _packed_ PqField4 {
        uint32_t size;
        uint32_t v;
} PqField4;
typedef struct _packed_ PqField8 {
        uint32_t size;
        uint64_t v;
} PqField8;

static inline PqFields pq_fields(uint16_t n) {
        return htobe16(n);
}

/* boolean, "char" */
static inline PqField1 pq_field1(uint8_t v) {
        return (PqField1){ htobe32(1), v };
}

/* smallint */
static inline PqField2 pq_field2(int16_t v) {
        return (PqField2){ htobe32(2), htobe16((uint16_t)v) };
}

/* integer */
static inline PqField4 pq_field4(int32_t v) {
        return (PqField4){ htobe32(4), htobe32((uint32_t)v) };
}

/* bigint */
static inline PqField8 pq_field8(int64_t v) {
        return (PqField8){ htobe32(8), htobe64((uint64_t)v) };
}

/* timestamptz */
PqField8 pq_field_time(usec_t v);

/* Room for whole rows, n bytes in all, to be filled before anything else is added. Again with the
 * same copy: more of them; a transaction has one. NULL: out of memory, and the transaction will
 * fail. */
void *pq_copy(PqTransaction *t, const PqCopy *copy, size_t n);
