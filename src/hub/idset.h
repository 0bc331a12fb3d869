/* Sets of database ids, in little room: they are dense as a rule, and many of them are the same.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

typedef struct IdSet IdSet;

/* Of n ids, in any order; with one user. NULL: out of memory. */
IdSet *id_set_new(const uint32_t *ids, size_t n);
/* One user less; the last one frees it. */
IdSet *id_set_unref(IdSet *s);
DEFINE_FREEP(IdSet, id_set_unref);

/* Nobody is in NULL. */
bool id_set_has(const IdSet *s, uint32_t id);
/* Bytes that it takes. */
size_t id_set_size(const IdSet *s);

/* The last few that were made. Zeros: none. */
typedef struct IdSetMemo {
        IdSet *recent[4];
        unsigned next;
} IdSetMemo;

/* For s, whose user gives it away, one of the same ids: itself, or one of these. */
IdSet *id_set_memo_share(IdSetMemo *m, IdSet *s);
void id_set_memo_done(IdSetMemo *m);
