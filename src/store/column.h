/* Many rows as one statement: a parameter for each column, an array that the statement unnests. */
#pragma once

#include "event/pq.h"

/* CALL puts the value of row i of n. */
#define STORE_COLUMN(T, N, TYPE, CALL)                                                             \
        do {                                                                                       \
                pq_array_open(T, TYPE);                                                            \
                for (size_t i = 0; i < (N); i++)                                                   \
                        CALL;                                                                      \
                pq_array_close(T);                                                                 \
        } while (0)
