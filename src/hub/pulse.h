/* Calls of websites that call themselves: read from the database in pages, in the order in which
 * they came, each page as soon as what the one before it led to has room. However many call at
 * once, the loop has time for others between two pages. */
#pragma once

#include "hub/writer.h"
#include "store/heartbeats.h"

typedef struct Pulse Pulse;

typedef struct PulseOptions {
        Store *store; /* borrowed, as is the writer */
        const Writer *writer;
        uint64_t taken; /* revision up to which all were */
        void (*take)(const HeartbeatRow *row, void *userdata);
        void (*failed)(int r, void *userdata);
        void *userdata;
} PulseOptions;

int pulse_new(Pulse **ret, const PulseOptions *options);
Pulse *pulse_free(Pulse *p);
DEFINE_FREEP(Pulse, pulse_free);

/* There may be new ones. */
void pulse_read(Pulse *p);
/* Some may count that did not before: takes all there are, once more. */
void pulse_read_all(Pulse *p);
/* After each commit: there may be room again. */
void pulse_go_on(Pulse *p);
