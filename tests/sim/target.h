/* The website itself: when it was up, when it was slow. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define TARGET_TURNS 4096

typedef struct Turns {
        usec_t at[TARGET_TURNS]; /* each changes it; it begins false */
        size_t n;
} Turns;

void turns_add(Turns *t, usec_t at);
bool turns_now(const Turns *t);
/* Was it so at some moment in [from, to]? */
bool turns_were(const Turns *t, bool so, usec_t from, usec_t to);
