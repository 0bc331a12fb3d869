/* Doubled, so that each item is moved a few times at most. */
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"

#define FIRST ((size_t)16)

int array_reserve(void *items, size_t *max, size_t need, size_t size) {
        size_t more = MAX(need, MAX(2 * *max, FIRST));
        void *larger;

        if (need <= *max)
                return 0;
        larger = reallocarray(*(void **)items, more, size);
        if (!larger)
                return -ENOMEM;
        *(void **)items = larger;
        *max = more;
        return 0;
}
