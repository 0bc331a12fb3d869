/* Finds among very many by a number that is as good as a hash of itself, in one access to memory
 * that is far away; several may have the same. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

typedef struct KeyTable KeyTable;

int key_table_new(KeyTable **ret);
KeyTable *key_table_free(KeyTable *t);
DEFINE_FREEP(KeyTable, key_table_free);

/* item: borrowed, not NULL, and in the table once. 0, -ENOMEM. */
int key_table_put(KeyTable *t, uint64_t key, void *item);
/* Steps through those with this key: the first for NULL. NULL: there is no other one. */
void *key_table_next(const KeyTable *t, uint64_t key, const void *after);
/* Nothing, if it is not in the table. */
void key_table_remove(KeyTable *t, uint64_t key, const void *item);
/* For many at once: where one is looked for is fetched, so that it is near when it is. */
void key_table_fetch(const KeyTable *t, uint64_t key);
