/* Inside of this folder: reads as tables. A reader turns each row of the last result into a struct
 * and hands the array to the typed callback. */
#pragma once

#include "store/call.h"
#include "store/store.h"

typedef struct StoreReader {
        size_t size; /* of a row */
        int (*row)(const PqResult *result, size_t row, void *ret);
        void (*done)(void *row); /* frees what row() allocated; NULL: nothing */
        void (*deliver)(StoreCallback callback, int r, const void *rows, size_t n, void *userdata);
} StoreReader;

/* Defines NAME for rows of TYPE and callbacks of type CALLBACK(int r, const TYPE *, size_t, void
 * *). */
#define STORE_READER(NAME, TYPE, CALLBACK, ROW, DONE)                                              \
        static void NAME##_deliver(StoreCallback f, int r, const void *rows, size_t n, void *u) {  \
                ((CALLBACK)f)(r, (const TYPE *)rows, n, u);                                        \
        }                                                                                          \
        static const StoreReader NAME = { sizeof(TYPE), ROW, DONE, NAME##_deliver }

/* Where an answer goes. */
typedef struct StoreAnswer {
        StoreCallback callback;
        void *userdata;
        StoreCall **ret;
} StoreAnswer;

#define STORE_ANSWER(f, u, r)                                                                      \
        (&(const StoreAnswer){ .callback = (StoreCallback)(f), .userdata = (u), .ret = (r) })

/* Takes the transaction, also on failure; NULL is -ENOMEM. */
int store_read(Store *s, PqTransaction *t, const StoreReader *reader, const StoreAnswer *answer);
/* The first column of the last result; no row or NULL is -ENOENT. The callback is a StoreJson. */
int store_read_json(Store *s, PqTransaction *t, const StoreAnswer *answer);
/* For a last statement that must have changed or returned a row: none is -ENOENT. A StoreDone. */
int store_change(Store *s, PqTransaction *t, const StoreAnswer *answer);

/* A transaction with its first statement; NULL: out of memory. */
PqTransaction *store_begin(const PqStatement *first);

/* Where a page begins; NULL: before every id. */
void store_put_after(PqTransaction *t, const Uuid *after);

/* Exactly n bytes of a bytea: 0 or negative errno. */
int store_get_bytes(const PqResult *result, size_t row, int column, void *ret, size_t n);
int store_get_blob(const PqResult *result, size_t row, int column, const uint8_t **ret,
                   size_t *ret_n);
