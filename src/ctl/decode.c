/* Names as in wire/, times in RFC 3339, phases in microseconds. */
#include "ctl/decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "wire/batch.h"

static void write_time(JsonWriter *w, const char *name, int64_t at) {
        char text[TIME_FORMAT_SIZE];

        json_writer_string(w, name, time_format((usec_t)at, text));
}

/* Too long for a JSON number, as the next. */
static void write_u64(JsonWriter *w, const char *name, uint64_t value) {
        char text[24];

        snprintf(text, sizeof(text), "%" PRIu64, value);
        json_writer_string(w, name, text);
}

static void write_i64(JsonWriter *w, const char *name, int64_t value) {
        char text[24];

        snprintf(text, sizeof(text), "%" PRId64, value);
        json_writer_string(w, name, text);
}

static void write_header(JsonWriter *w, const BatchHeader *h) {
        json_writer_string(w, "type", h->type == BATCH_GAP ? "gap" : "batch");
        write_u64(w, "incarnation", h->incarnation);
        write_u64(w, "sequence", h->sequence);
        json_writer_base64(w, "previous", h->previous.bytes, sizeof(h->previous.bytes));
        write_time(w, "createdAt", h->created);
        write_i64(w, "clockOffsetUs", h->clock_offset);
        json_writer_bool(w, "resealed", (h->flags & BATCH_RESEALED) != 0);
        json_writer_bool(w, "unsynced", (h->flags & BATCH_UNSYNCED) != 0);
}

static void write_phases(JsonWriter *w, const TickPhases *p) {
        json_writer_open_object(w, "phasesUs");
        json_writer_number(w, "dns", p->dns);
        json_writer_number(w, "connect", p->connect);
        json_writer_number(w, "tls", p->tls);
        json_writer_number(w, "wait", p->wait);
        json_writer_number(w, "transfer", p->transfer);
        json_writer_close(w);
}

static void write_address(JsonWriter *w, const Tick *t) {
        char text[INET6_ADDRSTRLEN];

        if (t->family == 0)
                json_writer_string(w, "address", NULL);
        else
                json_writer_string(w, "address",
                                   inet_ntop(t->family == 4 ? AF_INET : AF_INET6, t->address, text,
                                             sizeof(text)));
}

static void write_tick(JsonWriter *w, const Tick *t) {
        json_writer_open_object(w, NULL);
        json_writer_base64(w, "order", &t->order, sizeof(t->order));
        json_writer_string(w, "kind", tick_kind_name(t->kind));
        json_writer_number(w, "number", t->number);
        write_time(w, "startedAt", t->start);
        json_writer_string(w, "outcome", tick_outcome_name(t->outcome));
        json_writer_string(w, "error", t->error ? tick_error_name(t->error) : NULL);
        json_writer_number(w, "status", t->status);
        write_phases(w, &t->phases);
        write_address(w, t);
        json_writer_number(w, "bodyLength", t->body_length);
        json_writer_bool(w, "redirected", (t->flags & TICK_REDIRECTED) != 0);
        json_writer_bool(w, "truncated", (t->flags & TICK_TRUNCATED) != 0);
        json_writer_number(w, "certificateExpiryDays", t->expiry_days);
        json_writer_close(w);
}

static void write_batch(JsonWriter *w, const Batch *b) {
        json_writer_open_object(w, NULL);
        write_header(w, &b->header);
        if (b->header.type == BATCH_GAP) {
                write_u64(w, "from", b->gap.from);
                json_writer_number(w, "lost", b->gap.lost);
        }
        json_writer_base64(w, "signature", b->signature, SIGN_SIGNATURE_SIZE);
        json_writer_open_array(w, "ticks");
        for (size_t i = 0; i < b->header.count; i++)
                write_tick(w, &b->ticks[i]);
        json_writer_close(w);
        json_writer_close(w);
}

int decode_batch(const void *frame, size_t n, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        _cleanup_(batch_freep) Batch *b = NULL;
        int r;

        r = batch_parse(frame, n, &b);
        if (r < 0)
                return r;
        r = json_writer_new(&w);
        if (r < 0)
                return r;
        write_batch(w, b);
        return json_writer_take(w, ret);
}
