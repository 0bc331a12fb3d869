/* Which batches of the spool are under way: a cursor per stream, bounded per class (live, history).
 * After the hub had no room it is one of each class, and twice as many with each answer, until the
 * limits are reached again (slow start, RFC 5681). Pure but for reading the spool. */
#pragma once

#include "base/macro.h"
#include "validator/spool.h"
#include "wire/frame-hello.h"

typedef struct Window Window;

int window_new(Window **ret, Spool *spool);
Window *window_free(Window *w);
DEFINE_FREEP(Window, window_free);

/* A new connection: nothing is under way. */
void window_reset(Window *w, uint64_t live);
void window_set_limits(Window *w, const FrameWindow *limits);
/* So many of what was sent are answered. */
void window_answered(Window *w, uint64_t incarnation, size_t batches);
/* The last one of these was not sent after all. */
void window_unsent(Window *w, uint64_t incarnation, uint64_t sequence);
/* The hub expects another sequence: everything from there is sent again. */
void window_rewind(Window *w, uint64_t incarnation, uint64_t expected);
/* It had no room: from there again, and less at once. */
void window_refused(Window *w, uint64_t incarnation, uint64_t sequence);

/* The next batch to send, if limits allow: 1 and the callback; 0: none now. */
int window_next(Window *w, SpoolVisit visit, void *userdata);
