/* tick_page: ticks of one website that started in one span of five minutes, up to 36 on a row; how
 * far they are written; and what the pages of a hub before this one are written from. Bytes of a
 * tick: sql/040-tick-pages.sql. */
#pragma once

#include "base/time.h"
#include "store/feed.h"
#include "store/ticks.h"

#define PAGE_SPAN      (5 * USEC_PER_MIN)
#define PAGE_TICK_SIZE 52u
#define PAGE_TICKS_MAX 36u
/* Ticks that a span counts as, though it may have fewer: it is looked at. */
#define PAGE_SPAN_LEAST 16u

typedef struct TickPage {
        uint32_t website, n;
        usec_t span;          /* its beginning: page_span() of all n */
        const uint8_t *ticks; /* of PAGE_TICK_SIZE each */
} TickPage;

usec_t page_span(const Tick *tick);
/* How many ticks of a website a span has, about: `seats` in each interval, PAGE_SPAN_LEAST at
 * least. Pure. */
usec_t page_span_ticks(usec_t seats, usec_t interval);
/* What the bytes do not take is in the batch. Pure, as page_span() and page_decode(). */
void page_encode(const TickRow *row, uint8_t ret[static PAGE_TICK_SIZE]);

/* A tick as it is on its page. */
typedef struct PageTick {
        uint32_t started; /* µs since the span began */
        uint64_t order, batch;
        uint32_t validator, number;
        TickPhases phases;
        uint16_t status;
        uint8_t error;
        TickOutcome outcome;
        TickKind kind;
        bool late;
} PageTick;

PageTick page_decode(const uint8_t bytes[static PAGE_TICK_SIZE]);
/* By COPY, together with all others of the transaction. */
void page_put(PqTransaction *t, const TickPage *page);
/* The ticks of a column of a binary result, which has them: how many, or -EBADMSG. */
int page_find_ticks(const PqResult *result, size_t row, int column, const uint8_t **ret);

/* With this commit these were written, ticks of it and of commits before it: what there was of
 * them. Their ticks are not looked at. */
void pages_note(PqTransaction *t, uint64_t commit_no, const TickPage *pages, size_t n);
/* All ticks of commits up to this one are on pages: what was noted of them is of no use. */
void pages_forget(PqTransaction *t, uint64_t commit_no);
/* The same outside of a commit, when they were up to `paged_no` before and `commit_no` is the last
 * one, or it fails with -ESTALE. */
void pages_settle(PqTransaction *t, uint64_t paged_no, uint64_t commit_no);

typedef struct PageNote {
        uint32_t website;
        usec_t span;
        uint64_t commit_no; /* up to here its ticks are on pages */
} PageNote;

typedef void (*PageNotes)(int r, const PageNote *rows, size_t n, void *userdata);

int page_notes_load(Store *s, PageNotes callback, void *userdata, StoreCall **ret);

typedef struct PageBatch {
        uint64_t id, commit_no;
        uint32_t validator;
        const uint8_t *codes; /* dispositions of its ticks, n_codes of them */
        size_t n_codes;
        const uint8_t *frame;
        size_t n_frame;
} PageBatch;

typedef void (*PageBatches)(int r, const PageBatch *rows, size_t n, void *userdata);

typedef struct PageCommits {
        uint64_t after, until; /* after < commit_no <= until */
        unsigned limit;        /* of batches: as many in the answer and whole commits, or more */
} PageCommits;

/* By commit_no and id; those without ticks are left out. */
int page_batches_load(Store *s, const PageCommits *commits, PageBatches callback, void *userdata,
                      StoreCall **ret);

typedef struct PageOrder {
        OrderId id;
        uint64_t row;
        uint32_t website;
} PageOrder;

typedef void (*PageOrders)(int r, const PageOrder *rows, size_t n, void *userdata);

/* Those of these that there are, in any order. */
int page_orders_load(Store *s, const OrderIds *ids, PageOrders callback, void *userdata,
                     StoreCall **ret);

extern const PqStatement *const pages_statements[];
