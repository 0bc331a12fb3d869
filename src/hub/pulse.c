/* One page under way at a time. A full one is followed by another; only after the last of them is
 * what was asked meanwhile looked at, so that whoever begins anew keeps nobody from the end. */
#include "hub/pulse.h"

#include <errno.h>

struct Pulse {
        PulseOptions options;
        uint64_t taken;
        StoreCall *call;
        bool more;   /* the last page was full */
        bool wanted; /* after the last page one more */
        bool anew;   /* and that one is the first of all */
};

int pulse_new(Pulse **ret, const PulseOptions *options) {
        Pulse *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        *p = (Pulse){ .options = *options, .taken = options->taken };
        *ret = p;
        return 0;
}

Pulse *pulse_free(Pulse *p) {
        if (!p)
                return NULL;
        store_call_cancel(p->call);
        free(p);
        return NULL;
}

static void on_page(int r, const HeartbeatRow *rows, size_t n, void *userdata) {
        Pulse *p = userdata;

        p->call = NULL;
        if (r < 0) {
                p->options.failed(r, p->options.userdata);
                return;
        }
        p->more = n == HEARTBEATS_PAGE;
        p->taken = n > 0 ? rows[n - 1].revision : p->taken;
        for (size_t i = 0; i < n; i++)
                p->options.take(&rows[i], p->options.userdata);
        pulse_go_on(p);
}

void pulse_go_on(Pulse *p) {
        int r;

        if (p->call || !(p->more || p->wanted) || !writer_has_room(p->options.writer))
                return;
        if (!p->more) {
                p->taken = p->anew ? 0 : p->taken;
                p->wanted = p->anew = false;
        }
        r = heartbeats_load(p->options.store, p->taken, on_page, p, &p->call);
        if (r < 0)
                p->options.failed(r, p->options.userdata);
}

void pulse_read(Pulse *p) {
        p->wanted = true;
        pulse_go_on(p);
}

void pulse_read_all(Pulse *p) {
        p->anew = true;
        pulse_read(p);
}
