/* Epochs of websites: the choice of a committee, fixed before it is used. */
#pragma once

#include "store/store.h"

typedef struct EpochRow {
        uint32_t website;
        uint64_t number;
        usec_t starts, ends;
        uint8_t n;
        uint8_t secret[32], eligible_root[32];
        const uint8_t *eligible; /* the list under the root, as the hub wrote it */
        size_t n_eligible;       /* bytes */
} EpochRow;

typedef void (*EpochRows)(int r, const EpochRow *rows, size_t n, void *userdata);

/* Ends the website's former epoch at row->starts, if it lasted longer. */
void epoch_put(PqTransaction *t, const EpochRow *row);
/* The newest of each website that is not removed. */
int epochs_load(Store *s, EpochRows callback, void *userdata, StoreCall **ret);

extern const PqStatement *const epochs_statements[];
