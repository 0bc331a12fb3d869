/* Memory that goes back to the system when a crowd has left: nearly all of the heap is free then,
 * and the allocator would keep it. */
#pragma once

#include <stdbool.h>

typedef struct Crowd {
        unsigned most;  /* there were, until half of them have left */
        unsigned trims; /* still to be done */
} Crowd;

/* To be called every few seconds: n are there, `most` were since the last call. Whether the heap
 * was trimmed. */
bool crowd_watch(Crowd *c, unsigned n, unsigned most);
