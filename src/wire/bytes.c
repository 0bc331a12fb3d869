/* Cursors over bytes; see bytes.h. */
#include "wire/bytes.h"

#include <errno.h>
#include <string.h>

ByteReader byte_reader(const void *bytes, size_t n) {
        const uint8_t *at = bytes;

        return (ByteReader){ .at = at, .end = n > 0 ? at + n : at };
}

const uint8_t *read_slice(ByteReader *r, size_t n) {
        const uint8_t *slice = r->at;

        if (r->failed || n > (size_t)(r->end - r->at)) {
                r->failed = true;
                return NULL;
        }
        if (n == 0)
                return NULL;
        r->at += n;
        return slice;
}

uint8_t read_u8(ByteReader *r) {
        const uint8_t *slice = read_slice(r, 1);

        return slice ? *slice : 0;
}

uint16_t read_u16(ByteReader *r) {
        const uint8_t *slice = read_slice(r, 2);

        return slice ? get_u16(slice) : 0;
}

uint32_t read_u32(ByteReader *r) {
        const uint8_t *slice = read_slice(r, 4);

        return slice ? get_u32(slice) : 0;
}

uint64_t read_u64(ByteReader *r) {
        const uint8_t *slice = read_slice(r, 8);

        return slice ? get_u64(slice) : 0;
}

uint64_t read_u63(ByteReader *r) {
        uint64_t value = read_u64(r);

        if (value > INT64_MAX) {
                r->failed = true;
                return 0;
        }
        return value;
}

void read_bytes(ByteReader *r, void *ret, size_t n) {
        const uint8_t *slice = read_slice(r, n);

        if (slice)
                memcpy(ret, slice, n);
        else if (n > 0)
                memset(ret, 0, n);
}

size_t read_left(const ByteReader *r) {
        return r->failed ? 0 : (size_t)(r->end - r->at);
}

int read_finish(const ByteReader *r) {
        return r->failed || r->at != r->end ? -EBADMSG : 0;
}

ByteWriter byte_writer(void *bytes, size_t size) {
        uint8_t *start = bytes;

        return (ByteWriter){ .start = start, .at = start, .end = start + size };
}

void write_bytes(ByteWriter *w, const void *bytes, size_t n) {
        if (w->failed || n > (size_t)(w->end - w->at)) {
                w->failed = true;
                return;
        }
        if (n == 0)
                return;
        memcpy(w->at, bytes, n);
        w->at += n;
}

static void write_integer(ByteWriter *w, uint64_t value, size_t n) {
        uint8_t bytes[8];

        for (size_t i = 0; i < n; i++)
                bytes[n - 1 - i] = (uint8_t)(value >> (8 * i));
        write_bytes(w, bytes, n);
}

void write_u8(ByteWriter *w, uint8_t value) {
        write_integer(w, value, 1);
}

void write_u16(ByteWriter *w, uint16_t value) {
        write_integer(w, value, 2);
}

void write_u32(ByteWriter *w, uint32_t value) {
        write_integer(w, value, 4);
}

void write_u64(ByteWriter *w, uint64_t value) {
        write_integer(w, value, 8);
}

int write_finish(const ByteWriter *w) {
        return w->failed ? -ENOBUFS : (int)(w->at - w->start);
}
