/* Ticks on their way to a page: they wait here for others of their website and span, as a row costs
 * about as much as thirty ticks on it. Each commit takes the pages that have waited for longest, up
 * to a number: with few ticks all of them, at once; with many they wait for half a minute, and are
 * read by nobody but in their batches. Knows nothing of time but what it is told. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "store/pages.h"

#define PAGES_A_COMMIT    200u /* what it costs to write these is little beside a commit */
#define PAGES_PATIENCE    (30 * USEC_PER_SEC) /* older ones go however many they are, ... */
#define PAGES_TICKS_MAX   (1u << 20) /* ... and the oldest when there are more ticks than so */
#define PAGES_FETCH_STEPS 3u

typedef struct Pages Pages;

int pages_new(Pages **ret);
Pages *pages_free(Pages *p);
DEFINE_FREEP(Pages, pages_free);

/* Ticks of a commit are added before that of the next. 0, -ENOMEM. */
int pages_add(Pages *p, const TickRow *row, uint64_t commit_no, usec_t now);
/* For many ticks at once: where they will go is fetched, a step after the other for all of them. */
void pages_fetch(const Pages *p, uint32_t website, unsigned step);
/* Those of this website that started in the last minutes go with the next commit: something was
 * decided on them. */
void pages_hurry(Pages *p, uint32_t website, usec_t now);

typedef struct PagesCommit {
        uint64_t commit_no; /* nothing of it will be added any more */
        usec_t now;
        bool all; /* whatever it costs: the last commit */
} PagesCommit;

/* Adds those that are due to the transaction, and forgets them. ret_done: up to this commit all
 * ticks are on pages then. 0; -ENOMEM: the transaction must not be sent. */
int pages_send(Pages *p, PqTransaction *t, const PagesCommit *commit, uint64_t *ret_done);

bool pages_is_empty(const Pages *p);
/* When the first of those that wait came; USEC_INFINITY: none waits. */
usec_t pages_since(const Pages *p);
