/* Arrays that grow: room for more items, for who keeps how many there are. */
#pragma once

#include <stddef.h>

/* Room for `need` items at `*items`, which is the address of their pointer: of `*max` until now,
 * twice as many at least when it must be more. What is new is not set. 0, -ENOMEM: nothing has
 * changed. */
int array_reserve(void *items, size_t *max, size_t need, size_t size);
