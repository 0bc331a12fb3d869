#include "base/crowd.h"

#include <malloc.h>

#include "base/macro.h"

#define CROWD_MIN 500u /* that leave a heap worth giving back */
#define TRIMS     2u   /* at the first the last of them are still on their way out */

bool crowd_watch(Crowd *c, unsigned n, unsigned most) {
        c->most = MAX(c->most, most);
        if (c->most >= CROWD_MIN && n <= c->most / 2) {
                c->most = n;
                c->trims = TRIMS;
        }
        if (c->trims == 0)
                return false;
        c->trims--;
        (void)malloc_trim(0);
        return true;
}
