/* A loop of the test's own, turned until something is so. */
#pragma once

#include <poll.h>
#include <uv.h>

#define TURNS_MAX 20000

/* Once; then what comes on the descriptor has a moment to come. -1: just a moment. */
static inline void loop_turn(uv_loop_t *loop, int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        uv_run(loop, UV_RUN_NOWAIT);
        poll(&p, 1, 1);
}

/* f: whatever has the loop as its member of that name. */
#define TURN_UNTIL(f, condition)                                                                   \
        do {                                                                                       \
                for (unsigned _i = 0; _i < TURNS_MAX && !(condition); _i++)                        \
                        loop_turn(&(f)->loop, -1);                                                 \
                assert_true(condition);                                                            \
        } while (0)
