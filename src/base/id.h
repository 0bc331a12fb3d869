/* UUIDs (RFC 9562): 16 bytes inside, 36 characters of text at the edges. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

typedef struct Uuid {
        uint8_t bytes[16];
} Uuid;

#define UUID_TEXT_SIZE 37

/* A version 7 UUID: time-ordered by `realtime`, the rest random. */
Uuid uuid7_new(usec_t realtime);
/* 0, or -EINVAL unless text is exactly 36 characters in the 8-4-4-4-12 form, either case. */
int uuid_parse(const char *text, Uuid *ret);
/* Lower case; returns ret. */
const char *uuid_format(const Uuid *u, char ret[static UUID_TEXT_SIZE]);
bool uuid_equal(const Uuid *a, const Uuid *b);
