/* One batch at a time is stored by a thread of libuv's pool. Whoever needs it done before the loop
 * comes by waits for a semaphore, and the loop then finds nothing left to tell. */
#include <errno.h>
#include <stdlib.h>

#include "validator/spool-internal.h"

struct SpoolJob {
        uv_work_t work;
        uv_sem_t ended;
        Spool *spool; /* NULL: it has been told */
        SpoolPut put;
        int r;
        SpoolStored stored;
        void *userdata;
};

/* On the other thread. */
static void on_work(uv_work_t *work) {
        SpoolJob *job = work->data;

        job->r = spool_put(job->spool, &job->put.batch, job->put.progress, job->put.n);
        uv_sem_post(&job->ended);
}

static void tell(SpoolJob *job) {
        uv_sem_wait(&job->ended);
        job->spool->job = NULL;
        job->spool = NULL;
        job->stored(job->r, job->userdata);
}

static void job_free(SpoolJob *job) {
        uv_sem_destroy(&job->ended);
        free(job);
}

static void on_after(uv_work_t *work, int status _unused_) {
        SpoolJob *job = work->data;

        if (job->spool)
                tell(job);
        job_free(job);
}

int spool_put_later(Spool *s, uv_loop_t *loop, const SpoolPut *put, SpoolStored stored,
                    void *userdata) {
        SpoolJob *job;
        int r;

        if (s->job)
                return -EBUSY;
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        *job = (SpoolJob){ .spool = s, .put = *put, .stored = stored, .userdata = userdata };
        job->work.data = job;
        r = uv_sem_init(&job->ended, 0);
        if (r < 0) {
                free(job);
                return r;
        }
        r = uv_queue_work(loop, &job->work, on_work, on_after);
        if (r < 0) {
                job_free(job);
                return r;
        }
        s->job = job;
        return 0;
}

void spool_settle(Spool *s) {
        if (s->job)
                tell(s->job);
}
