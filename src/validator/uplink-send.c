/* What it says: frames, batches from the spool, and why it leaves. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "validator/uplink-internal.h"

void uplink_set_state(Uplink *u, UplinkState state) {
        u->state = state;
        u->options.changed(u->options.userdata);
}

void uplink_note(Uplink *u, const char *why) {
        snprintf(u->why, sizeof(u->why), "%s", why);
}

void uplink_leave(Uplink *u, CloseCode code, const char *why) {
        uplink_note(u, why);
        if (refusals_count(u->options.refusals, UPLINK_REFUSED, why, now_boottime()))
                log_event(LOG_WARNING, DPIN_MSG_HUB_REFUSED, "leaving the hub",
                          "DPIN_HUB=%s\nDPIN_REASON=%s", u->options.url, why);
        timer_stop(u->timer);
        ws_peer_close(u->peer, code, close_code_name(code));
        uplink_set_state(u, UPLINK_LEAVING);
}

int uplink_send(Uplink *u, const Frame *f) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (!u->peer)
                return -ENOTCONN;
        r = frame_encode(f, &text);
        if (r < 0)
                return r;
        r = ws_peer_send(u->peer, WS_TEXT, text, strlen(text));
        return r < 0 ? r : 0;
}

void uplink_send_notice(Uplink *u, Code code, const FrameNotice *more) {
        Frame f = { .kind = FRAME_NOTICE, .notice = *more };

        memccpy(f.notice.code, code_name(code), 0, sizeof(f.notice.code));
        (void)uplink_send(u, &f);
}

typedef struct Sending {
        WsPeer *peer;
        uint64_t incarnation, sequence;
        int r;
} Sending;

static void on_send(const SpoolBatch *b, void *userdata) {
        Sending *s = userdata;

        s->incarnation = b->incarnation;
        s->sequence = b->sequence;
        s->r = ws_peer_send(s->peer, WS_BINARY, b->frame, b->n);
}

/* What the connection cannot take now goes when it has drained. */
void uplink_pump(Uplink *u) {
        Sending s = { .peer = u->peer };

        if (!uplink_approved(u) || !u->peer || u->resting || u->forks.n > 0)
                return;
        while (s.r >= 0 && window_next(u->window, on_send, &s) > 0)
                ;
        if (s.r < 0)
                window_unsent(u->window, s.incarnation, s.sequence);
}

void uplink_suspect(Uplink *u, const OrderId *order, uint32_t slot) {
        Frame f = { .kind = FRAME_SUSPECT, .suspect = { .order = *order, .slot = slot } };

        if (u->state == UPLINK_READY)
                (void)uplink_send(u, &f);
}

void uplink_refuse(Uplink *u, const OrderId *order, const char *reason) {
        FrameNotice n = { .order = *order };

        snprintf(n.reason, sizeof(n.reason), "%s", reason);
        uplink_send_notice(u, CODE_REFUSED, &n);
}
