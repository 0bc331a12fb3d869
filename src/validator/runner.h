/* The orders this validator holds, each with its timer; what is due is checked, what was seen
 * becomes a tick. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "validator/check.h"
#include "validator/hubtime.h"
#include "validator/spool.h"
#include "wire/order.h"

typedef struct Runner Runner;

typedef struct RunnerOptions {
        Checker *checker; /* borrowed, as all here */
        const HubTime *hub_time;
        Spool *spool;        /* asked how far an order got */
        unsigned orders_max; /* more are refused */
        usec_t timeout_max;  /* as is a longer one */
        /* urgent: somebody waits for it: it answers a probe, or says another thing than the order's
         * last one. */
        void (*tick)(const Tick *tick, bool urgent, void *userdata);
        /* Its tick abstains; or NULL. */
        void (*refused)(const OrderId *order, CheckRefusal why, void *userdata);
        /* A scheduled check is unanswered after a second. */
        void (*suspect)(const OrderId *order, uint32_t slot, void *userdata);
        void *userdata;
} RunnerOptions;

typedef struct RunnerOrder {
        OrderId id;
        Order order;
        const Spec *spec; /* borrowed for the call */
} RunnerOrder;

#define RUNNER_SUSPECT_AFTER USEC_PER_SEC
#define RUNNER_PROBES_MAX    2u /* of an order under way at once */
#define RUNNER_PROBES_BURST  8  /* of an order; then one a second */

int runner_new(Runner **ret, uv_loop_t *loop, const RunnerOptions *options);
Runner *runner_free(Runner *r);
DEFINE_FREEP(Runner, runner_free);

/* One that is held already stays as it is. -ENOBUFS: orders_max; -ERANGE: timeout_max. */
int runner_add(Runner *r, const RunnerOrder *order);
/* Its check under way ends as it ends. */
void runner_remove(Runner *r, const OrderId *id);
/* Marks all; what is not kept goes with runner_sweep(), and makes room. */
void runner_mark(Runner *r);
void runner_keep(Runner *r, const OrderId *id);
void runner_sweep(Runner *r);

typedef struct RunnerProbe {
        OrderId order;
        TickKind kind;
        uint32_t number;
        usec_t deadline; /* hub time */
} RunnerProbe;

/* 0: started. -ENOENT: no such order; -EALREADY: this number or a higher one was checked; -ETIME:
 * past its deadline; -EBUSY: too many probes of it; -ENOBUFS: too many checks wait. */
int runner_probe(Runner *r, const RunnerProbe *probe);
size_t runner_count(const Runner *r);
/* Checks that were due and did not fit behind those that wait. */
uint64_t runner_dropped(const Runner *r);
/* Checks that began too late to be of their slot: they are not told. */
uint64_t runner_late(const Runner *r);
/* Hub time was learned or corrected: timers are set anew. */
void runner_reschedule(Runner *r);
