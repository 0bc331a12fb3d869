/* Counting costs nothing; telling is done once. */
#include "load-stats.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/json.h"

#define STEP 1.02

uint64_t load_stats_acked(const LoadStats *s) {
        uint64_t n = s->positions;

        for (unsigned i = 0; i < _DISPOSITION_MAX; i++)
                n += s->acked[i];
        return n;
}

void load_stats_latency(LoadStats *s, usec_t latency) {
        double step = log((double)MAX(latency, (usec_t)1)) / log(STEP);

        s->latency[MIN((size_t)step, (size_t)LOAD_LATENCY_STEPS - 1)]++;
        s->latency_max = MAX(s->latency_max, latency);
}

void load_stats_forget_latencies(LoadStats *s) {
        memset(s->latency, 0, sizeof(s->latency));
        s->latency_max = 0;
}

double load_stats_quantile(const LoadStats *s, double share) {
        uint64_t all = 0, below = 0, wanted;
        size_t i = 0;

        for (size_t k = 0; k < LOAD_LATENCY_STEPS; k++)
                all += s->latency[k];
        if (all == 0)
                return 0;
        wanted = (uint64_t)ceil((double)all * share);
        for (; i < LOAD_LATENCY_STEPS; i++) {
                below += s->latency[i];
                if (below >= wanted)
                        break;
        }
        return MIN(pow(STEP, (double)i + 1), (double)s->latency_max) / (double)USEC_PER_MSEC;
}

static double own_cpu(void) {
        struct rusage u;

        if (getrusage(RUSAGE_SELF, &u) < 0)
                return 0;
        return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / (double)USEC_PER_SEC;
}

static double rate(const LoadStats *s) {
        double seconds = (double)(s->last_ack - s->first_ack) / (double)USEC_PER_SEC;

        return seconds > 0 ? (double)load_stats_acked(s) / seconds : 0;
}

void load_stats_progress(const LoadStats *s, const LoadArgs *args, usec_t now) {
        fprintf(stderr,
                "dpin-load: seconds %.1f validators %u joined %u ready %u orders %" PRIu64
                " sent %" PRIu64 " acked %" PRIu64 " accepted %" PRIu64 " ackP99Ms %.0f"
                " ackMaxMs %.0f suspects %" PRIu64 " errors %" PRIu64 "\n",
                (double)(now - s->started) / (double)USEC_PER_SEC, args->validators, s->joined,
                s->ready, s->orders, s->ticks, load_stats_acked(s), s->acked[DISPOSITION_ACCEPTED],
                load_stats_quantile(s, 0.99), (double)s->latency_max / (double)USEC_PER_MSEC,
                s->suspects, s->errors);
}

/* Printing ------------------------------------------------------------------------------------- */

typedef struct Number {
        const char *name;
        double value;
} Number;

#define NUMBERS 25

static size_t numbers(const LoadStats *s, Number ret[static NUMBERS]) {
        const Number all[] = {
                { "joined", s->joined },
                { "reconnects", (double)(s->joins - s->joined) },
                { "connectFailures", (double)s->failures },
                { "rejects", (double)s->rejects },
                { "errors", (double)s->errors },
                { "joinSeconds",
                  s->all_joined > 0 ? (double)(s->all_joined - s->started) / (double)USEC_PER_SEC
                                    : 0 },
                { "orders", (double)s->orders },
                { "probes", (double)s->probes },
                { "suspects", (double)s->suspects },
                { "batchesSent", (double)s->batches },
                { "batchesResent", (double)s->resent },
                { "ticksSent", (double)s->ticks },
                { "ticksAcked", (double)load_stats_acked(s) },
                { "ticksAckedPerSecond", rate(s) },
                { "ticksAckedByPosition", (double)s->positions },
                { "ticksSkipped", (double)s->skipped },
                { "ticksDropped", (double)s->dropped },
                { "acks", (double)s->acks },
                { "ackP50Ms", load_stats_quantile(s, 0.50) },
                { "ackP95Ms", load_stats_quantile(s, 0.95) },
                { "ackP99Ms", load_stats_quantile(s, 0.99) },
                { "ackMaxMs", (double)s->latency_max / (double)USEC_PER_MSEC },
                { "forks", (double)s->forks },
                { "gaps", (double)s->gaps },
                { "cpuSeconds", own_cpu() },
        };

        _Static_assert(ELEMENTSOF(all) == NUMBERS, "NUMBERS");
        for (size_t i = 0; i < NUMBERS; i++)
                ret[i] = all[i];
        return NUMBERS;
}

static void print_text(const LoadStats *s, const Number *all, size_t n) {
        for (size_t i = 0; i < n; i++)
                printf("%-22s %.6g\n", all[i].name, all[i].value);
        for (unsigned i = 0; i < _DISPOSITION_MAX; i++)
                printf("acked %-16s %" PRIu64 "\n", disposition_name(i), s->acked[i]);
        for (unsigned i = 0; i < _CODE_MAX; i++)
                if (s->notices[i] > 0)
                        printf("notice %-15s %" PRIu64 "\n",
                               code_name((Code)i) ? code_name((Code)i) : "unknown", s->notices[i]);
        if (s->last_failure[0])
                printf("last failure: %s\n", s->last_failure);
        if (s->last_error[0])
                printf("last error: %s\n", s->last_error);
}

static int print_json(const LoadStats *s, const Number *all, size_t n) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;
        json_writer_open_object(w, NULL);
        for (size_t i = 0; i < n; i++)
                json_writer_real(w, all[i].name, all[i].value);
        json_writer_open_object(w, "acked");
        for (unsigned i = 0; i < _DISPOSITION_MAX; i++)
                json_writer_number(w, disposition_name(i), (int64_t)s->acked[i]);
        json_writer_close(w);
        json_writer_open_object(w, "notices");
        for (unsigned i = 0; i < _CODE_MAX; i++)
                if (s->notices[i] > 0)
                        json_writer_number(w, code_name((Code)i) ? code_name((Code)i) : "unknown",
                                           (int64_t)s->notices[i]);
        json_writer_close(w);
        json_writer_string(w, "lastFailure", s->last_failure);
        json_writer_string(w, "lastError", s->last_error);
        json_writer_close(w);
        r = json_writer_take(w, &text);
        if (r < 0)
                return r;
        return puts(text) < 0 ? -1 : 0;
}

int load_stats_print(const LoadStats *s, const LoadArgs *args) {
        Number all[NUMBERS];
        size_t n = numbers(s, all);

        if (args->json)
                return print_json(s, all, n);
        print_text(s, all, n);
        return 0;
}
