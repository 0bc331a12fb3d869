/* A timer of the kernel for the starts; percentiles from all that was measured. */
#include "paced.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NSEC 1000000000ull

static uint64_t read_clock(clockid_t clock) {
        struct timespec t;

        (void)clock_gettime(clock, &t);
        return (uint64_t)t.tv_sec * NSEC + (uint64_t)t.tv_nsec;
}

uint64_t paced_now(void) {
        return read_clock(CLOCK_MONOTONIC);
}

static void refuse(const char *why) {
        fprintf(stderr, "%s\n", why);
        exit(EXIT_FAILURE);
}

/* An address and no name: nobody asks a resolver. */
static void read_url(Paced *p) {
        unsigned port;
        char host[16];

        p->tls = strncmp(p->url, "https://", 8) == 0;
        if (sscanf(p->url, p->tls ? "https://%15[0-9.]:%u/" : "http://%15[0-9.]:%u/", host,
                   &port) != 2 ||
            port > UINT16_MAX || inet_pton(AF_INET, host, &p->address.sin_addr) != 1)
                refuse("--url=http[s]://ADDRESS:PORT/PATH");
        p->address.sin_family = AF_INET;
        p->address.sin_port = htons((uint16_t)port);
        (void)snprintf(p->authority, sizeof(p->authority), "%s:%u", host, port);
        p->host = p->authority;
        p->path = strchr(p->url + strlen("https://"), '/');
}

static void read_arguments(Paced *p, int argc, char **argv) {
        static const struct option options[] = {
                { "url", required_argument, NULL, 'u' },
                { "ca", required_argument, NULL, 'a' },
                { "checks", required_argument, NULL, 'n' },
                { "rate", required_argument, NULL, 'r' },
                { "find", required_argument, NULL, 'f' },
                { "connections", required_argument, NULL, 'c' },
                { 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
                switch (option) {
                case 'u':
                        p->url = optarg;
                        break;
                case 'a':
                        p->ca_file = optarg;
                        break;
                case 'n':
                        p->checks = strtoul(optarg, NULL, 10);
                        break;
                case 'r':
                        p->rate = strtoul(optarg, NULL, 10);
                        break;
                case 'f':
                        p->find = optarg;
                        break;
                case 'c':
                        p->connections = strtoul(optarg, NULL, 10);
                        break;
                default:
                        exit(EXIT_FAILURE);
                }
        if (!p->url || p->checks == 0 || p->connections == 0)
                refuse("--url, and --checks and --connections above 0");
}

void paced_init(Paced *p, int argc, char **argv) {
        struct rlimit limit = { 0 };

        *p = (Paced){ .checks = 1, .connections = UINT16_MAX };
        read_arguments(p, argc, argv);
        read_url(p);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        p->took = calloc(p->checks, sizeof(*p->took));
        p->found = calloc(p->checks, sizeof(*p->found));
        p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (!p->took || !p->found || p->timer < 0)
                refuse("no memory, or no timer");
}

static void set_timer(Paced *p, uint64_t due) {
        struct itimerspec when = { .it_value = { (time_t)(due / NSEC), (long)(due % NSEC) } };

        if (p->set == due)
                return;
        p->set = due;
        (void)timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void paced_begin(Paced *p) {
        p->cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
        p->first = paced_now();
        set_timer(p, p->first);
}

void paced_done(Paced *p) {
        close(p->timer);
        free(p->took);
        free(p->found);
}

bool paced_take(Paced *p) {
        uint64_t due = p->first + (p->rate > 0 ? p->started * NSEC / p->rate : 0);

        if (p->started == p->checks || p->active >= p->connections)
                return false;
        if (due > paced_now()) {
                set_timer(p, due);
                return false;
        }
        p->started++;
        p->active++;
        return true;
}

static double number_behind(const char *answer, const char *word) {
        size_t n = strlen(word);

        for (const char *s = answer; (s = strstr(s, word)); s += n)
                if (s[-1] == '\n' && s[n] == ' ')
                        return strtod(s + n, NULL);
        return -1;
}

void paced_end(Paced *p, uint64_t began, const char *answer) {
        uint64_t took = paced_now() - began, i = p->ended - p->failed;

        p->active--;
        p->ended++;
        if (p->ended == p->checks)
                p->cost = read_clock(CLOCK_PROCESS_CPUTIME_ID) - p->cpu;
        if (!answer) {
                p->failed++;
                return;
        }
        p->took[i] = (uint32_t)(took / 1000);
        p->found[i] = p->find ? number_behind(answer, p->find) : 0;
}

bool paced_is_over(const Paced *p) {
        return p->ended == p->checks;
}

static int compare_took(const void *a, const void *b) {
        const uint32_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static int compare_found(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

void paced_print(const Paced *p) {
        size_t n = p->ended - p->failed;
        size_t at[] = { n / 2, n * 95 / 100, n * 99 / 100 };

        qsort(p->took, n, sizeof(*p->took), compare_took);
        qsort(p->found, n, sizeof(*p->found), compare_found);
        printf("{\"checks\": %lu, \"failed\": %lu, \"cpuUs\": %.3f", p->ended, p->failed,
               (double)p->cost / 1000);
        if (n > 0)
                printf(", \"p50\": %u, \"p95\": %u, \"p99\": %u, \"found50\": %.9f, "
                       "\"found95\": %.9f",
                       p->took[at[0]], p->took[at[1]], p->took[at[2]], p->found[at[0]],
                       p->found[at[1]]);
        printf("}\n");
}
