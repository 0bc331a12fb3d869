/* One Pq on a loop of the test's own, and what it said: for tests against a PostgreSQL of their
 * own. */
#pragma once

#include "event/pq.h"
#include "postgres.h"

typedef struct World {
        const Postgres *server;
        uv_loop_t loop;
        uv_timer_t guard;
        Pq *pq;
        unsigned ups, downs, answers;
        int r;              /* of the last answer */
        char error[256];    /* of the last answer or loss */
        char notified[128]; /* "channel=payload;" one after another */
        void (*look)(PqResult *const *results, size_t n);
} World;

/* What options leaves out is filled in: the server's dsn and the callbacks. After PATIENCE the test
 * fails. */
void world_init(World *w, const Postgres *server, PqOptions options);
void world_done(World *w);
/* Turns the loop until the counter has reached value. */
void world_await(const World *w, const unsigned *counter, unsigned value);
/* Submits and waits for the answer. */
int world_answer(World *w, PqTransaction *t);
/* A PqDone for a World as userdata: counts and remembers; look sees the results. */
void world_on_answer(int r, PqResult *const *results, size_t n, const char *error, void *userdata);
/* Set up and torn down once for a group: a server with this schema is the tests' state. */
int world_start_server(void **state, const char *schema);
int world_stop_server(void **state);
