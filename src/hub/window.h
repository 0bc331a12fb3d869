/* When people work at a website. Plain data. While a window lasts MAINTENANCE is told and no
 * incident opens; votes go on, so that the verdict is there when it is over, and an open incident
 * is resolved by them as ever. */
#pragma once

#include "base/time.h"

/* from >= until: never. */
typedef struct SiteWindow {
        usec_t from, until;
} SiteWindow;
