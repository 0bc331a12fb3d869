/* Every statement of this folder, for StoreOptions: prepared at each connect. */
#pragma once

#include "event/pq.h"

/* Ended by NULL; lives for ever. */
const PqStatement *const *store_statements(void);
