/* Spans of time under one verdict. Never rewritten: a change closes one and opens the next. */
#pragma once

#include "store/store.h"

typedef struct VerdictRow {
        uint32_t website;
        const char *state, *assurance, *cause; /* "UP", "full", "quorum": names of hub/verdict.h */
        usec_t started;                        /* when it was decided */
        usec_t first_evidence;
        uint8_t n;
        const char *votes;     /* JSON array: the seats at the decision; NULL: [] */
        const char *regions;   /* JSON array: those where it is down; NULL: [] */
        double flap_score;     /* of its beginning, hub/flap.h */
        usec_t flapping_until; /* USEC_INFINITY: it does not flap */
        uint8_t family; /* of addresses it is down over, the other being up: 4, 6; 0: not so */
        uint64_t commit_no;
} VerdictRow;

typedef void (*VerdictRows)(int r, const VerdictRow *rows, size_t n, void *userdata);

/* Closes the website's open span at row->started, and opens this one. */
void verdict_put(PqTransaction *t, const VerdictRow *row);
/* The website was removed: only closes. */
void verdict_close(PqTransaction *t, uint32_t website, usec_t ended);
/* Open spans, by website; votes is NULL, and so is regions where there are none. */
int verdicts_load(Store *s, VerdictRows callback, void *userdata, StoreCall **ret);

extern const PqStatement *const verdicts_statements[];
