/* Who has come in but is not settled: a list, the oldest first. There are only so many at once, so
 * that strangers who connect and say nothing neither use up the descriptors nor keep others out. */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <utlist.h>

#include "event/ws-internal.h"

#define GRACE                USEC_PER_SEC /* nobody is dropped sooner */
#define DESCRIPTORS_RESERVED 128u         /* for the database, the bus and files */

/* Places for settled peers and for others, within the descriptors this process may have. */
void ws_door_fit(WsLimits *l) {
        struct rlimit limit;
        rlim_t most;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= 2 * DESCRIPTORS_RESERVED)
                return;
        most = limit.rlim_cur - DESCRIPTORS_RESERVED;
        if ((rlim_t)l->peers_max + l->handshakes_max <= most)
                return;
        l->handshakes_max = (unsigned)MIN((rlim_t)l->handshakes_max, MAX(most / 4, (rlim_t)1));
        l->peers_max = (unsigned)MIN((rlim_t)l->peers_max, most - l->handshakes_max);
}

static void forget(WsDoor *d, WsGuest *g) {
        lws_set_opaque_user_data(g->wsi, NULL);
        DL_DELETE(d->guests, g);
        d->n--;
        free(g);
}

static void drop_oldest(WsContext *c) {
        struct lws *wsi = c->door.guests->wsi;

        forget(&c->door, c->door.guests);
        c->counters.dropped++;
        lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        ws_context_wake(c);
}

/* What a guest said and we have not read yet is our delay, not his. */
static bool is_waiting_for_us(const WsGuest *g) {
        int n = 0;

        return ioctl(lws_get_socket_fd(g->wsi), FIONREAD, &n) == 0 && n > 0;
}

static bool had_his_time(const WsGuest *g, usec_t now) {
        return now - g->since >= GRACE;
}

bool ws_door_is_open(WsContext *c, usec_t now) {
        WsGuest *oldest;

        if (c->door.n < c->limits.handshakes_max)
                return true;
        while (oldest = c->door.guests, had_his_time(oldest, now) && is_waiting_for_us(oldest)) {
                oldest->since = now;
                DL_DELETE(c->door.guests, oldest);
                DL_APPEND(c->door.guests, oldest);
        }
        return had_his_time(oldest, now);
}

void ws_door_sweep(WsContext *c, usec_t now) {
        while (c->door.guests && now - c->door.guests->since > 3 * c->limits.handshake_max)
                drop_oldest(c);
}

int ws_door_enter(WsContext *c, struct lws *wsi, usec_t now) {
        WsGuest *g = calloc(1, sizeof(*g));

        if (!g)
                return -ENOMEM;
        if (c->door.n >= c->limits.handshakes_max)
                drop_oldest(c);
        g->wsi = wsi;
        g->since = now;
        DL_APPEND(c->door.guests, g);
        c->door.n++;
        c->door.most = MAX(c->door.most, c->door.n + c->settled_n);
        lws_set_opaque_user_data(wsi, g);
        ws_context_tick(c);
        return 0;
}

void ws_door_leave(WsContext *c, struct lws *wsi) {
        WsGuest *g = lws_get_opaque_user_data(wsi);

        if (g)
                forget(&c->door, g);
}
