/* A token bucket: so many at once, and so many a second from then on. Pure. */
#pragma once

#include <stdbool.h>

#include "base/time.h"

typedef struct BucketRate {
        double burst, per_second;
} BucketRate;

typedef struct Bucket {
        BucketRate rate;
        double tokens;
        usec_t filled;
} Bucket;

/* Full at first. */
void bucket_init(Bucket *b, const BucketRate *rate, usec_t now);
/* false: there are not so many left, and none is taken. */
bool bucket_take(Bucket *b, double tokens, usec_t now);
