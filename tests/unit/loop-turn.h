/* A loop of the test's own, turned until something is so. */
#pragma once

#include <poll.h>
#include <uv.h>

#define TURNS_MAX    20000
#define TURN_SECONDS 60u

/* Once; then what comes on the descriptor has a moment to come. -1: what comes to the loop. It is
 * not uv_run() that waits: with UV_RUN_ONCE it would, for ever, after a timer that did it all. */
static inline void loop_turn(uv_loop_t *loop, int fd) {
        struct pollfd p = { .fd = fd >= 0 ? fd : uv_backend_fd(loop), .events = POLLIN };

        uv_run(loop, UV_RUN_NOWAIT);
        poll(&p, 1, 1);
}

/* f: whatever has the loop as its member of that name. */
#define TURN_UNTIL(f, condition)                                                                   \
        do {                                                                                       \
                uint64_t _end = uv_hrtime() + TURN_SECONDS * UINT64_C(1000000000);                 \
                while (!(condition) && uv_hrtime() < _end)                                         \
                        loop_turn(&(f)->loop, -1);                                                 \
                assert_true(condition);                                                            \
        } while (0)
