/* So many at once, the others in the order in which they came. Each waits in memory of its own
 * owner, so whoever bounds the owners bounds the queue. Pure. */
#pragma once

#include <stdbool.h>

typedef struct Turn Turn;

/* Zeroed but for `most` at the beginning. */
typedef struct Turns {
        unsigned most, taken;
        Turn *first, *last; /* of those who wait */
} Turns;

/* Zeroed by its owner before and after. */
struct Turn {
        Turns *of;
        Turn *next;
        bool waits;
        void (*come)(void *userdata);
        void *userdata;
};

/* true: it has its turn at once; false: come() is called when it has it. */
bool turn_take(Turns *of, Turn *t, void (*come)(void *userdata), void *userdata);
/* Whether it has its turn or waits for it, or neither. come() of the next may run inside. */
void turn_end(Turn *t);
