/* The library's turns on the loop: its epoll descriptor is polled, its timeout is a timer. It does
 * not say itself that a resumed connection wants a turn, so that is remembered here. */
#include <errno.h>

#include "event/httpd-internal.h"

static void on_timer(uv_timer_t *timer);

static void turn(Httpd *h) {
        MHD_UNSIGNED_LONG_LONG milliseconds = 0;

        h->woken = false;
        (void)MHD_run(h->daemon);
        httpd_connections_settled(h);
        if (h->woken || MHD_get_timeout(h->daemon, &milliseconds) == MHD_YES)
                (void)uv_timer_start(&h->timer, on_timer, milliseconds, 0);
        else
                (void)uv_timer_stop(&h->timer);
}

static void on_timer(uv_timer_t *timer) {
        turn(timer->data);
}

static void on_event(uv_poll_t *poll, int status _unused_, int events _unused_) {
        turn(poll->data);
}

int httpd_loop_attach(Httpd *h, int epoll_fd) {
        int r;

        r = uv_timer_init(h->loop, &h->timer);
        if (r < 0)
                return r;
        h->timer.data = h;
        h->handles++;

        r = uv_poll_init(h->loop, &h->poll, epoll_fd);
        if (r < 0)
                return r;
        h->poll.data = h;
        h->handles++;

        return uv_poll_start(&h->poll, UV_READABLE, on_event);
}

void httpd_loop_turn_soon(Httpd *h) {
        h->woken = true;
        (void)uv_timer_start(&h->timer, on_timer, 0, 0);
}

void httpd_loop_on_closed(uv_handle_t *handle) {
        Httpd *h = handle->data;

        if (--h->handles == 0)
                free(h);
}

void httpd_loop_detach(Httpd *h) {
        if (h->handles > 1)
                uv_close((uv_handle_t *)&h->poll, httpd_loop_on_closed);
        if (h->handles > 0)
                uv_close((uv_handle_t *)&h->timer, httpd_loop_on_closed);
}
