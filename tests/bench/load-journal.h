/* A line for every acknowledged tick, on disk before the batch is forgotten: what a checker holds
 * against the database. */
#pragma once

#include "base/macro.h"
#include "wire/batch.h"

typedef struct LoadJournal LoadJournal;

/* path is appended to. */
int load_journal_new(LoadJournal **ret, const char *path);
LoadJournal *load_journal_free(LoadJournal *j);
DEFINE_FREEP(LoadJournal, load_journal_free);

/* codes: one per tick; NULL: only a position vouches. j may be NULL: nothing is written. */
int load_journal_put(LoadJournal *j, const PublicKey *key, const Batch *b, const uint8_t *codes);
/* To the kernel, so that a kill of this program loses nothing. */
int load_journal_flush(LoadJournal *j);
