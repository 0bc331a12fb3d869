/* Event streams (text/event-stream): what a commit brought becomes text, and goes to every reader
 * that may see it. A reader that is too slow for its queue is let go. It knows no clock and no
 * socket. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/feed.h"
#include "base/macro.h"

typedef struct Sse Sse;
typedef struct SseReader SseReader;

typedef struct SseOps {
        /* Queues text to a reader's target; negative: its queue is full, it is closed then. */
        int (*write)(void *target, const char *text, size_t n);
        /* The reader gets no more; it is still to be taken out by sse_leave(). */
        void (*close)(void *target);
        /* At each sse_beat(), of a reader that is not closed. May be NULL. */
        void (*beat)(void *target);
} SseOps;

int sse_new(Sse **ret, const SseOps *ops, size_t places);
/* After the last reader has left. */
Sse *sse_free(Sse *s);
DEFINE_FREEP(Sse, sse_free);

typedef struct SseJoin {
        void *target;
        uint32_t organisation;
        uint64_t position; /* commits up to this one were written already */
        uint32_t token;    /* what it was let in by */
} SseJoin;

/* A reader has a place from the start of its stream, before it joins. false: all are taken. */
bool sse_take_place(Sse *s);
void sse_give_place(Sse *s);
int sse_join(Sse *s, const SseJoin *join, SseReader **ret);
/* Takes NULL, returns NULL. */
SseReader *sse_leave(SseReader *r);
DEFINE_FREEP(SseReader, sse_leave);
size_t sse_readers(const Sse *s);

void sse_publish(Sse *s, const FeedEntry *entries, size_t n);
/* Tells all readers to read everything again: the past cannot be told. */
void sse_reset(Sse *s, uint64_t position);
/* The beat of those who were let in by this token: it may not hold any more. */
void sse_check(Sse *s, uint32_t token);
/* A comment, so that neither side takes the line for dead. */
void sse_beat(Sse *s);

/* The events of whole commits after `after` that an organisation may see; freed by the caller. The
 * id stands with the last event of a commit, so that resuming never leaves out the others. */
int sse_format(const SseJoin *who, const FeedEntry *entries, size_t n, char **ret, size_t *ret_n);

/* What a reader that comes again says it has seen (Last-Event-ID). False: digits only would be an
 * id of ours, and at most 18 of them. */
bool sse_position_read(const char *text, uint64_t *ret);

#define SSE_LINE_SIZE 64
/* How a stream begins: when to come again, and from where. Returns its length. */
size_t sse_hello(uint64_t position, char ret[static SSE_LINE_SIZE]);
/* Likewise the event that says the resume point is too old. */
size_t sse_reset_text(uint64_t position, char ret[static SSE_LINE_SIZE]);
