/* Seeded simulation of one website's machine:
 *
 *   sim-site [--seeds N] [--jobs N]       as many worlds with at most f faulty members
 *   sim-site --seed S [--verbose]         one of them again, and all that happens in it
 *   sim-site --steady [...]               all honest, the website up, 2 % of all messages lost
 *   sim-site --budget                     what liars, silence and losses cost in an hour
 *
 * With DPIN_LONG set there are fifty times as many. A wrong verdict, a late one or a machine that
 * spins is a failure: the seed is printed, with what it is about. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "budget.h"
#include "referee.h"

#define SEEDS    200
#define LONGER   50
#define JOBS_MAX 64

typedef struct Options {
        uint64_t first, count;
        unsigned jobs;
        bool verbose, steady, budget;
} Options;

typedef struct Totals {
        uint64_t seeds, failed, verdicts, scheduled, confirms, refreshes, epochs, restarts;
        usec_t worst;
} Totals;

static void add_ruling(Totals *t, const Ruling *r) {
        t->seeds++;
        t->failed += r->failures > 0;
        t->verdicts += r->verdicts;
        t->scheduled += r->counts.scheduled;
        t->confirms += r->counts.confirms;
        t->refreshes += r->counts.refreshes;
        t->epochs += r->counts.epochs;
        t->restarts += r->counts.restarts;
        t->worst = MAX(t->worst, r->worst);
}

static void add_totals(Totals *t, const Totals *o) {
        t->seeds += o->seeds;
        t->failed += o->failed;
        t->verdicts += o->verdicts;
        t->scheduled += o->scheduled;
        t->confirms += o->confirms;
        t->refreshes += o->refreshes;
        t->epochs += o->epochs;
        t->restarts += o->restarts;
        t->worst = MAX(t->worst, o->worst);
}

/* Nothing happened to a website that is up, so nothing is to be told. */
static void play_steady(uint64_t seed, const Options *o, Totals *t) {
        Scenario s = scenario_steady(seed);
        Ruling r = referee_play(&s, o->verbose);

        if (r.verdicts > 0 && r.failures++ == 0) {
                printf("FAIL: %" PRIu64 " verdicts of a website that is up; ", r.verdicts);
                scenario_tell(&s, stdout);
        }
        add_ruling(t, &r);
}

static void play(uint64_t seed, const Options *o, Totals *t) {
        Scenario s = scenario_mixed(seed);
        Ruling r;

        if (o->steady) {
                play_steady(seed, o, t);
                return;
        }
        r = referee_play(&s, o->verbose);
        add_ruling(t, &r);
}

/* Every so many seeds is this job's. */
static Totals work(const Options *o, unsigned job) {
        Totals t = { 0 };

        for (uint64_t i = job; i < o->count; i += o->jobs)
                play(o->first + i, o, &t);
        fflush(stdout);
        return t;
}

/* A child's totals come by the pipe; one that dies brings none, and is missed. */
static int start_job(const Options *o, unsigned job, int to) {
        pid_t pid = fork();
        Totals t;

        if (pid < 0)
                return -errno;
        if (pid > 0)
                return 0;
        t = work(o, job);
        _exit(write(to, &t, sizeof(t)) == sizeof(t) ? 0 : 1);
}

static int share(const Options *o, Totals *ret) {
        int ends[2], r = 0;
        Totals t;

        if (pipe(ends) < 0)
                return -errno;
        for (unsigned job = 0; job < o->jobs && r >= 0; job++)
                r = start_job(o, job, ends[1]);
        close(ends[1]);
        while (r >= 0 && read(ends[0], &t, sizeof(t)) == sizeof(t))
                add_totals(ret, &t);
        close(ends[0]);
        while (wait(NULL) > 0)
                ;
        return r;
}

static double percent(uint64_t part, uint64_t whole) {
        return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static int run_seeds(const Options *o) {
        Totals t = { 0 };
        int r = o->jobs > 1 ? share(o, &t) : 0;

        if (o->jobs <= 1)
                t = work(o, 0);
        printf("%" PRIu64 " of %" PRIu64 " seeds played, %" PRIu64 " failed; %" PRIu64
               " verdicts, the slowest after %.3f s; %" PRIu64 " epochs, %" PRIu64
               " restarts; confirmations %.1f %% of scheduled checks, refreshes %.1f %%\n",
               t.seeds, o->count, t.failed, t.verdicts, (double)t.worst / 1e6, t.epochs, t.restarts,
               percent(t.confirms, t.scheduled), percent(t.refreshes, t.scheduled));
        return r < 0 || t.failed > 0 || t.seeds != o->count;
}

static int parse_arguments(Options *o, int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                const char *value = i + 1 < argc ? argv[i + 1] : "";

                if (strcmp(argv[i], "--verbose") == 0) {
                        o->verbose = true;
                } else if (strcmp(argv[i], "--steady") == 0) {
                        o->steady = true;
                } else if (strcmp(argv[i], "--budget") == 0) {
                        o->budget = true;
                } else if (strcmp(argv[i], "--seeds") == 0) {
                        o->count = strtoull(value, NULL, 10);
                        i++;
                } else if (strcmp(argv[i], "--seed") == 0) {
                        o->first = strtoull(value, NULL, 10);
                        o->count = o->jobs = 1;
                        i++;
                } else if (strcmp(argv[i], "--jobs") == 0) {
                        o->jobs = (unsigned)strtoul(value, NULL, 10);
                        i++;
                } else {
                        return -EINVAL;
                }
        }
        return o->count > 0 && o->jobs > 0 && o->jobs <= JOBS_MAX ? 0 : -EINVAL;
}

int main(int argc, char **argv) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        Options o = { .first = 1,
                      .count = getenv("DPIN_LONG") ? SEEDS * LONGER : SEEDS,
                      .jobs = cores > 1 ? (unsigned)MIN(cores, JOBS_MAX) : 1 };

        if (parse_arguments(&o, argc, argv) < 0) {
                fprintf(stderr, "usage: sim-site [--steady] [--seeds N] [--jobs N] [--seed S] "
                                "[--verbose] [--budget]\n");
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0); /* jobs write whole lines */
        return o.budget ? budget_run() : run_seeds(&o);
}
