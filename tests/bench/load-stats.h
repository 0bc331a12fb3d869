/* What a run counted, and how it is told. */
#pragma once

#include "load-args.h"
#include "wire/code.h"
#include "wire/receipt.h"

#define LOAD_LATENCY_STEPS 1200

/* Plain data: whoever sees something counts it. */
typedef struct LoadStats {
        unsigned joined, ready; /* joined: ever, each once; ready: now */
        uint64_t joins, rejects, failures, errors;
        char last_failure[128], last_error[128];
        uint64_t orders, skipped, dropped, probes;
        uint64_t batches, ticks, resent, suspects; /* sent; ticks and batches once */
        uint64_t acked[_DISPOSITION_MAX], positions,
                        acks; /* positions: ticks that only a welcome acked */
        uint64_t forks, gaps, histories, notices[_CODE_MAX];
        usec_t started, all_joined, first_ack, last_ack;
        uint64_t latency[LOAD_LATENCY_STEPS]; /* of batches, 2 % steps from 1 us */
        uint64_t latency_max;
} LoadStats;

uint64_t load_stats_acked(const LoadStats *s);
void load_stats_latency(LoadStats *s, usec_t latency);
/* Those told in the end begin here. */
void load_stats_forget_latencies(LoadStats *s);
/* Upper bound of the share's quantile in ms. */
double load_stats_quantile(const LoadStats *s, double share);
/* One line of names and numbers on stderr. */
void load_stats_progress(const LoadStats *s, const LoadArgs *args, usec_t now);
/* The summary on stdout. */
int load_stats_print(const LoadStats *s, const LoadArgs *args);
