/* A batch frame (wire/batch.h) as JSON: what a validator signed, without trusting any of it.
 * Nothing is verified: the keys are not in the frame. Pure. */
#pragma once

#include <stddef.h>

/* 0, *ret freed by the caller; else as batch_parse(). */
int decode_batch(const void *frame, size_t n, char **ret);
