/* What the database has of committees: the lists of who was eligible, each for all epochs that
 * chose from it, and of each epoch how it chose. Pure. */
#pragma once

#include "base/macro.h"
#include "hub/committee.h"
#include "store/epochs.h"

typedef struct ListBook ListBook;

int list_book_new(ListBook **ret);
ListBook *list_book_free(ListBook *b);
DEFINE_FREEP(ListBook, list_book_free);

/* One that is there already is not added again. 0, -ENOMEM. */
int list_book_add(ListBook *b, const EligibleListRow *list);
/* The committee of an epoch whose list was added, or that is so old that it has one of its own; its
 * ids live as long as the book. 0; -EBADMSG: no such list; -ENOMEM. */
int list_book_recall(ListBook *b, const EpochRow *epoch, CommitteePast *ret);
