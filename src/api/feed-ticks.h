/* The ticks of a page while they are taken out of their batches: which of them are shown, for whose
 * website each is, and its text. Pure. */
#pragma once

#include "api/feed-sites.h"
#include "api/feed.h"
#include "base/macro.h"
#include "store/feed.h"

typedef struct FeedTicks FeedTicks;

int feed_ticks_new(FeedTicks **ret);
FeedTicks *feed_ticks_free(FeedTicks *t);
DEFINE_FREEP(FeedTicks, feed_ticks_free);

/* Ticks that the hub stored and that do not abstain; copied. 0; -EBADMSG: this is no batch, or not
 * with a disposition for each of its ticks: none is taken; -ENOMEM. */
int feed_ticks_put(FeedTicks *t, const FeedBatch *batch);

/* Fills in what is known there. */
void feed_ticks_know(FeedTicks *t, const FeedSites *sites);
/* Of ticks that nothing is known of: their orders, each once. Freed by the caller; n may be 0, then
 * it is NULL. 0, -ENOMEM. */
int feed_ticks_unknown(const FeedTicks *t, OrderId **ret, size_t *ret_n);

/* Those that are known, by commit and start:
 * {"websiteId","createdAt","status","latency","validatorId","region"}. 0; -ENOMEM; -EINVAL: a
 * region that is no text. */
int feed_ticks_tell(FeedTicks *t, FeedPage *page);
