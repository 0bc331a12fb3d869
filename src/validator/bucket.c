/* Filled when asked, by the time that has passed. */
#include "validator/bucket.h"

#include "base/macro.h"

void bucket_init(Bucket *b, const BucketRate *rate, usec_t now) {
        *b = (Bucket){ .rate = *rate, .tokens = rate->burst, .filled = now };
}

bool bucket_take(Bucket *b, double tokens, usec_t now) {
        if (now > b->filled) {
                b->tokens += (double)(now - b->filled) / USEC_PER_SEC * b->rate.per_second;
                b->tokens = MIN(b->tokens, b->rate.burst);
                b->filled = now;
        }
        if (b->tokens < tokens)
                return false;
        b->tokens -= tokens;
        return true;
}
