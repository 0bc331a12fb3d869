/* The order of the rules is the order of the dispositions' meaning: what is not ours, what cannot
 * be, what was, what is late. */
#include "hub/dispose.h"

#define PHASES_OVER USEC_PER_SEC /* a check may overrun its timeout by so much */

static usec_t order_interval(const WorkOrder *o) {
        return o->order.interval_ms * USEC_PER_MSEC;
}

static bool in_time(const WorkOrder *o, const Tick *tick, usec_t now) {
        usec_t end = (usec_t)tick->start + tick_total(tick);

        return now <= end + vote_lateness(order_interval(o));
}

bool dispose_is_credible(const WorkOrder *o, usec_t total) {
        return total <= o->order.timeout_ms * USEC_PER_MSEC + PHASES_OVER;
}

/* 1 new, 0 seen; out of memory counts as seen: never stored twice. */
static bool mark(WorkOrder *o, const Tick *tick) {
        return seen_mark(tick->kind == TICK_SCHEDULED ? &o->slots : &o->probes, tick->number) == 1;
}

Disposition dispose_refusal(const WorkOrder *o, uint32_t validator, const Tick *tick, usec_t now) {
        usec_t start = (usec_t)tick->start;

        if (!o) /* an old one may have had an order that nobody remembers */
                return start + DISPOSE_LIFE < now ? DISPOSITION_EXPIRED : DISPOSITION_UNASSIGNED;
        if (!work_order_covers(o, validator, tick))
                return DISPOSITION_UNASSIGNED;
        if (start > now + TICK_AHEAD_MAX)
                return DISPOSITION_FUTURE;
        if (start + DISPOSE_LIFE < now)
                return DISPOSITION_EXPIRED;
        return DISPOSITION_ACCEPTED;
}

Disposition dispose_tick(WorkOrder *o, uint32_t validator, const Tick *tick,
                         const DisposeTime *when, bool *ret_votes) {
        Disposition refusal = dispose_refusal(o, validator, tick, when->now);

        *ret_votes = false;
        if (refusal != DISPOSITION_ACCEPTED)
                return refusal;
        if (!mark(o, tick))
                return DISPOSITION_DUPLICATE;
        work_order_use(o, when->now);
        if (!in_time(o, tick, when->now))
                return DISPOSITION_LATE;

        *ret_votes = !when->unsynced && dispose_is_credible(o, tick_total(tick));
        return DISPOSITION_ACCEPTED;
}

Vote dispose_vote(const Tick *tick, usec_t arrived) {
        uint64_t total = tick_total(tick);

        return (Vote){
                .outcome = (VoteOutcome)tick->outcome,
                .kind = (VoteKind)tick->kind,
                .error_class = tick->error,
                .expiry_days = tick->expiry_days,
                .family = tick->family,
                .latency = (uint32_t)MIN(total, (uint64_t)UINT32_MAX),
                .started = (usec_t)tick->start,
                .arrived = arrived,
        };
}

int dispose_mark_stored(OrderBook *book, const TickIdentity *rows, size_t n) {
        WorkOrder *o = NULL;
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++) {
                if (!o || o->row != rows[i].order)
                        o = order_book_find_row(book, rows[i].order);
                if (o)
                        r = seen_mark(rows[i].scheduled ? &o->slots : &o->probes, rows[i].number);
        }
        return MIN(r, 0);
}
