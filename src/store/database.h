/* The database as its administrator sees it: how big its tables are and since when, and what is not
 * as it should be. Costs the same however much there is. */
#pragma once

#include "store/rollups.h"

typedef struct DatabaseTable {
        const char *name, *level; /* raw, evidence, hour, day, history, books, rest */
        int64_t rows;             /* as PostgreSQL estimates; -1: it has not counted yet */
        uint64_t bytes, index_bytes;
        uint32_t partitions;   /* 0: it has none */
        usec_t oldest, newest; /* of the newest tick: when it arrived; USEC_INFINITY: nothing, or no
                                  matter of time */
        uint32_t schema;       /* of the database, the same in each row; */
        uint64_t database_bytes; /* likewise */
} DatabaseTable;

typedef void (*DatabaseTables)(int r, const DatabaseTable *rows, size_t n, void *userdata);

/* By level, then by size. */
int database_tables_load(Store *s, DatabaseTables callback, void *userdata, StoreCall **ret);

typedef struct DatabaseProblem {
        const char *code, *subject; /* what it is about: a table, an hour */
} DatabaseProblem;

typedef void (*DatabaseProblems)(int r, const DatabaseProblem *rows, size_t n, void *userdata);

/* Judged by what retention says should be there. No row: all is well. */
int database_problems_load(Store *s, const Retention *retention, DatabaseProblems callback,
                           void *userdata, StoreCall **ret);

extern const PqStatement *const database_statements[];
