/* Whose website an order is for, as far as it was asked for lately. What an order is for never
 * changes; whose that is may, and the database numbers such changes: with the next of these numbers
 * everything is forgotten. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/macro.h"
#include "store/feed.h"
#include "wire/order.h"

typedef struct FeedSites FeedSites;

typedef struct FeedSite {
        uint32_t organisation;
        Uuid website;
} FeedSite;

/* Of more orders than this the longest known ones are forgotten. */
int feed_sites_new(FeedSites **ret, size_t most);
FeedSites *feed_sites_free(FeedSites *s);
DEFINE_FREEP(FeedSites, feed_sites_free);

/* The number was read together with what is looked up next. */
void feed_sites_revise(FeedSites *s, uint64_t revision);
/* Read after the number. Nothing, if another one has come meanwhile. 0, -ENOMEM. */
int feed_sites_put(FeedSites *s, uint64_t revision, const FeedOrder *row);
/* Borrowed until the next call; NULL: not known here. */
const FeedSite *feed_sites_find(const FeedSites *s, const OrderId *id);
size_t feed_sites_count(const FeedSites *s);
