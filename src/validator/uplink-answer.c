/* Answers to batches: acks, and notices that something of a stream is missing or other than the hub
 * has it. Only a receipt that holds trims anything; what a notice asks for is bounded, as nobody
 * signs it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "validator/receipts.h"
#include "validator/uplink-internal.h"

#define RESEALED_AT_ONCE 16u          /* a commit each: the loop turns in between */
#define PAUSE            USEC_PER_SEC /* before what the hub or the disk had no room for */

/* One for each stream at first; later on they are rare. */
static const PaceRule repeats_rule = { 4 * FRAME_INCARNATIONS_MAX, USEC_PER_SEC };
static const PaceRule forks_rule = { FRAME_INCARNATIONS_MAX, USEC_PER_MIN };

/* A receipt that contradicts its ack trims nothing either. */
static int check_ack(Uplink *u, const FrameAck *ack, Receipt *ret) {
        Hash dispositions;
        int r;

        r = receipt_parse(ack->receipt.data, ack->receipt.n, ret);
        if (r < 0)
                return r;
        r = frame_ack_dispositions(ack, &dispositions);
        if (r < 0)
                return r;
        if (!hash_equal(&dispositions, &ret->dispositions))
                return -EBADMSG;
        return receipt_apply(u->options.spool, &ack->receipt, &u->hub, &u->scope, ret);
}

/* What was answered, but not in a way that counts, goes again after this. */
static void rest(Uplink *u) {
        u->resting = true;
        timer_after(u->timer, PAUSE);
}

void uplink_rested(Uplink *u) {
        u->resting = false;
        uplink_pump(u);
}

void uplink_on_ack(Uplink *u, const Frame *f) {
        const FrameAck *ack = &f->ack;
        Receipt receipt = { 0 };
        int r;

        r = check_ack(u, ack, &receipt);
        if (r == -EBADMSG || r == -ESTALE || r == -EPROTONOSUPPORT) {
                FrameNotice n = { .incarnation = receipt.incarnation, .sequence = receipt.to };

                snprintf(n.reason, sizeof(n.reason), "a receipt does not hold: %s", strerror(-r));
                uplink_send_notice(u, CODE_BAD_RECEIPT, &n);
                return;
        }
        if (r < 0) { /* good, and the spool could not note it: its disk is full */
                log_debug("a receipt is not noted: %s", strerror(-r));
                window_rewind(u->window, receipt.incarnation, receipt.from);
                rest(u);
                return;
        }
        if (hub_time_learn(u->options.hub_time, now_boottime(), ack->time) < 0) {
                uplink_leave(u, CLOSE_PROTOCOL, "its clock jumps");
                return;
        }
        window_set_limits(u->window, &ack->window);
        window_answered(u->window, receipt.incarnation, MAX(ack->batches.n, (size_t)1));
        uplink_pump(u);
}

/* The batch the hub wants may be gone: dropped, or trimmed by a receipt of a hub that was restored
 * since. */
typedef struct Expected {
        Uplink *uplink;
        uint64_t sequence; /* to go on from */
} Expected;

static void on_first_kept(const SpoolBatch *b, void *userdata) {
        Expected *e = userdata;
        _cleanup_free_ uint8_t *frame = malloc(BATCH_FRAME_MAX);
        int n;

        if (!frame || b->sequence <= e->sequence)
                return;
        n = sealer_gap_before(e->uplink->options.sealer, b, e->sequence, frame);
        if (n > 0)
                (void)ws_peer_send(e->uplink->peer, WS_BINARY, frame, (size_t)n);
        e->sequence = b->count > 0 ? b->sequence : b->sequence + 1;
}

/* Each has batches sent again, as many as the window allows. */
static bool may_repeat(Uplink *u) {
        if (pace_take(&u->limits.repeats, &repeats_rule, 1, now_boottime()))
                return true;
        uplink_leave(u, CLOSE_PROTOCOL, "it asks for the same again and again");
        return false;
}

static void on_sequence(Uplink *u, const FrameNotice *n) {
        Expected e = { .uplink = u, .sequence = n->sequence };

        if (n->sequence == 0 || !u->peer)
                return;
        if (u->wanted[0] == n->incarnation && u->wanted[1] == n->sequence)
                return; /* it says so for each batch that was under way behind */
        if (!may_repeat(u))
                return;
        u->wanted[0] = n->incarnation;
        u->wanted[1] = n->sequence;
        (void)spool_next(u->options.spool, n->incarnation, n->sequence - 1, on_first_kept, &e);
        window_rewind(u->window, n->incarnation, e.sequence);
        uplink_pump(u);
}

static void on_too_fast(Uplink *u, const FrameNotice *n) {
        if (!may_repeat(u))
                return;
        window_refused(u->window, n->incarnation, n->sequence);
        rest(u);
}

/* Forks ---------------------------------------------------------------------------------------- */

void uplink_on_reseal(void *userdata) {
        Uplink *u = userdata;
        UplinkForks *f = &u->forks;
        int n = sealer_reseal(u->options.sealer, f->incarnations[0], RESEALED_AT_ONCE);

        f->moved += MAX(n, 0);
        if (n < 0 || n == RESEALED_AT_ONCE) {
                timer_after(f->timer, n < 0 ? PAUSE : 0);
                return;
        }
        log_event(LOG_WARNING, DPIN_MSG_STREAM_FORK,
                  "the hub has other content for a stream: what is left is sealed anew",
                  "DPIN_BATCHES=%d", f->moved);
        f->moved = 0;
        memmove(f->incarnations, f->incarnations + 1, --f->n * sizeof(*f->incarnations));
        if (f->n > 0) {
                timer_after(f->timer, 0);
                return;
        }
        window_reset(u->window, sealer_incarnation(u->options.sealer));
        uplink_pump(u);
}

static void on_fork(Uplink *u, const FrameNotice *n) {
        UplinkForks *f = &u->forks;

        for (size_t i = 0; i < f->n; i++)
                if (f->incarnations[i] == n->incarnation)
                        return; /* it says so for each batch that was under way */
        if (f->n == FRAME_INCARNATIONS_MAX ||
            !pace_take(&u->limits.forks, &forks_rule, 1, now_boottime())) {
                uplink_leave(u, CLOSE_PROTOCOL, "it says fork to everything");
                return;
        }
        f->incarnations[f->n++] = n->incarnation;
        if (f->n == 1)
                timer_after(f->timer, 0);
}

void uplink_answers_reset(Uplink *u) {
        u->wanted[0] = 0;
        u->resting = false;
        u->forks.n = 0;
        u->forks.moved = 0;
        timer_stop(u->forks.timer);
}

/* Notices -------------------------------------------------------------------------------------- */

void uplink_on_notice(Uplink *u, const Frame *f) {
        const FrameNotice *n = &f->notice;

        switch (code_from_name(n->code)) {
        case CODE_SEQUENCE:
                on_sequence(u, n);
                break;
        case CODE_FORK:
                on_fork(u, n);
                break;
        case CODE_APPROVED:
                u->approved = true;
                uplink_set_state(u, UPLINK_READY);
                uplink_pump(u);
                break;
        case CODE_TOO_FAST:
                on_too_fast(u, n);
                break;
        default:
                log_debug("notice from the hub: %s %s", n->code, n->reason);
                break;
        }
}
