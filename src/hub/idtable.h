/* Finds by id among very many, in one access to memory that is far away and a second to what is
 * found. Ids are the hub's own hashes: as good as a hash of them. Pure. */
#pragma once

#include <stddef.h>

#include "base/macro.h"
#include "wire/order.h"

typedef struct IdTable IdTable;

int id_table_new(IdTable **ret);
IdTable *id_table_free(IdTable *t);
DEFINE_FREEP(IdTable, id_table_free);

/* The id lies in what is to be found by it, and stays there. No such id is in the table. 0,
 * -ENOMEM. */
int id_table_put(IdTable *t, OrderId *id);
/* NULL: unknown. */
OrderId *id_table_find(const IdTable *t, const OrderId *id);
/* Nothing, if it is not in the table. */
void id_table_remove(IdTable *t, const OrderId *id);

/* For many at once: where one is looked for is fetched, so that it is near when it is. */
void id_table_fetch(const IdTable *t, const OrderId *id);
/* What probably is the one, without a look at it; NULL: it is unknown. */
OrderId *id_table_guess(const IdTable *t, const OrderId *id);
