/* Bounded big-endian cursors over bytes. A reader or writer that once ran over its end is `failed`
 * for ever: reads give zero, writes do nothing, so a whole structure is read or written first and
 * checked once. Integers on the wire are below 2^63 except the clock offset, which is two's
 * complement. Pure, no allocation. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct ByteReader {
        const uint8_t *at, *end; /* borrowed */
        bool failed;
} ByteReader;

typedef struct ByteWriter {
        uint8_t *start, *at, *end; /* borrowed */
        bool failed;
} ByteWriter;

/* For what lies at a fixed place in bytes whose number is known. */
static inline uint16_t get_u16(const uint8_t *bytes) {
        uint16_t value;

        memcpy(&value, bytes, sizeof(value));
        return be16toh(value);
}

static inline uint32_t get_u32(const uint8_t *bytes) {
        uint32_t value;

        memcpy(&value, bytes, sizeof(value));
        return be32toh(value);
}

static inline uint64_t get_u64(const uint8_t *bytes) {
        uint64_t value;

        memcpy(&value, bytes, sizeof(value));
        return be64toh(value);
}

ByteReader byte_reader(const void *bytes, size_t n);
uint8_t read_u8(ByteReader *r);
uint16_t read_u16(ByteReader *r);
uint32_t read_u32(ByteReader *r);
uint64_t read_u64(ByteReader *r);
/* A u64 that must be below 2^63: sets failed when it is not. */
uint64_t read_u63(ByteReader *r);
void read_bytes(ByteReader *r, void *ret, size_t n);
/* Borrows the next n bytes; NULL when there are fewer (failed) or n is 0. */
const uint8_t *read_slice(ByteReader *r, size_t n);
size_t read_left(const ByteReader *r);
/* 0: nothing failed and nothing is left. -EBADMSG: otherwise. */
int read_finish(const ByteReader *r);

ByteWriter byte_writer(void *bytes, size_t size);
void write_u8(ByteWriter *w, uint8_t value);
void write_u16(ByteWriter *w, uint16_t value);
void write_u32(ByteWriter *w, uint32_t value);
void write_u64(ByteWriter *w, uint64_t value);
/* bytes may be NULL when n is 0. */
void write_bytes(ByteWriter *w, const void *bytes, size_t n);
/* Bytes written so far; -ENOBUFS: it did not fit. */
int write_finish(const ByteWriter *w);
