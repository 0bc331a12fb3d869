/* The statements of this folder, for StoreOptions: prepared at each connect. */
#pragma once

#include "store/store.h"

/* Lists, ended by NULL; they live for ever. */
const StoreStatements *store_statements(void);
/* Of these those of who judges and of who answers: all but the upkeep's. */
const StoreStatements *store_service_statements(void);
/* Of these those that a replica may answer. */
const StoreStatements *store_reader_statements(void);
/* Of these those that may take long. */
const StoreStatements *store_upkeep_statements(void);
/* Of these those of deliveries. */
const StoreStatements *store_alert_statements(void);
