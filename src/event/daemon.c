/* Order of a life: start, READY, (reload)*, stop, drained, free, the loop closes what is left. */
#include "event/daemon.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/time.h"

enum {
        DRAIN_MS = 10 * 1000, /* what a stop may take before it is cut short */
        CLOSE_MS = 2 * 1000,  /* what closing handles may take after free() */
};

typedef enum DaemonState {
        DAEMON_STARTING,
        DAEMON_RUNNING,
        DAEMON_STOPPING,
        DAEMON_FINISHED,
} DaemonState;

typedef struct InheritedSocket {
        char *name;
        int fd; /* -1: taken */
} InheritedSocket;

struct Daemon {
        uv_loop_t loop;
        const DaemonOps *ops;
        void *userdata;
        DaemonState state;
        bool stop_asked; /* while starting */
        uv_signal_t sigterm, sigint, sighup;
        uv_timer_t ready, watchdog, deadline;
        InheritedSocket *sockets;
        size_t n_sockets;
        char status[256]; /* as it was told */
};

static void notify_reloading(void) {
        struct timespec ts = {};

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                         (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000);
}

static void on_deadline(uv_timer_t *timer) {
        Daemon *d = timer->data;

        log_debug("Stopping took too long, ending at once.");
        daemon_finished(d);
}

static void begin_stop(Daemon *d) {
        d->state = DAEMON_STOPPING;
        (void)uv_timer_stop(&d->ready);
        (void)sd_notify(0, "STOPPING=1");
        (void)uv_timer_start(&d->deadline, on_deadline, DRAIN_MS, 0);
        if (d->ops->stop)
                d->ops->stop(d, d->userdata);
        else
                daemon_finished(d);
}

void daemon_stop(Daemon *d) {
        if (d->state == DAEMON_STARTING)
                d->stop_asked = true;
        else if (d->state == DAEMON_RUNNING)
                begin_stop(d);
}

void daemon_finished(Daemon *d) {
        d->state = DAEMON_FINISHED;
        uv_stop(&d->loop);
}

static void on_stop_signal(uv_signal_t *signal, int number _unused_) {
        Daemon *d = signal->data;

        if (d->state == DAEMON_STOPPING)
                daemon_finished(d);
        else
                daemon_stop(d);
}

static void on_reload_signal(uv_signal_t *signal, int number _unused_) {
        Daemon *d = signal->data;
        int r;

        if (d->state != DAEMON_RUNNING || !d->ops->reload)
                return;
        notify_reloading();
        r = d->ops->reload(d, d->userdata);
        if (r < 0)
                log_debug("Reload refused: %s", strerror(-r));
        (void)sd_notify(0, "READY=1");
}

static void on_ready(uv_timer_t *timer _unused_) {
        (void)sd_notify(0, "READY=1");
}

static void on_watchdog(uv_timer_t *timer _unused_) {
        (void)sd_notify(0, "WATCHDOG=1");
}

static int init_signal(Daemon *d, uv_signal_t *signal, uv_signal_cb callback, int number) {
        int r;

        r = uv_signal_init(&d->loop, signal);
        if (r < 0)
                return r;
        signal->data = d;
        return uv_signal_start(signal, callback, number);
}

static int init_handles(Daemon *d) {
        int r;

        uv_timer_t *timers[] = { &d->ready, &d->watchdog, &d->deadline };
        for (size_t i = 0; i < ELEMENTSOF(timers); i++) {
                (void)uv_timer_init(&d->loop, timers[i]);
                timers[i]->data = d;
        }

        r = init_signal(d, &d->sigterm, on_stop_signal, SIGTERM);
        if (r < 0)
                return r;
        r = init_signal(d, &d->sigint, on_stop_signal, SIGINT);
        if (r < 0)
                return r;
        return init_signal(d, &d->sighup, on_reload_signal, SIGHUP);
}

static void start_watchdog(Daemon *d) {
        uint64_t usec = 0, ms;

        if (sd_watchdog_enabled(0, &usec) <= 0)
                return;
        ms = MAX(usec / 2 / USEC_PER_MSEC, (uint64_t)1);
        (void)uv_timer_start(&d->watchdog, on_watchdog, 0, ms);
}

static int inherit_sockets(Daemon *d) {
        char **names = NULL;
        int n;

        n = sd_listen_fds_with_names(1, &names);
        if (n <= 0)
                return n;
        d->sockets = calloc((size_t)n, sizeof(InheritedSocket));
        for (int i = 0; i < n; i++) {
                if (d->sockets)
                        d->sockets[i] = (InheritedSocket){ names[i], SD_LISTEN_FDS_START + i };
                else
                        free(names[i]);
        }
        free(names);
        if (!d->sockets)
                return -ENOMEM;
        d->n_sockets = (size_t)n;
        return 0;
}

static void free_sockets(Daemon *d) {
        for (size_t i = 0; i < d->n_sockets; i++) {
                if (d->sockets[i].fd >= 0)
                        close(d->sockets[i].fd);
                free(d->sockets[i].name);
        }
        free(d->sockets);
}

int daemon_take_socket(Daemon *d, const char *name) {
        for (size_t i = 0; i < d->n_sockets; i++) {
                InheritedSocket *s = &d->sockets[i];
                int fd = s->fd;

                if (fd < 0 || strcmp(s->name, name) != 0)
                        continue;
                if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
                        return -errno;
                s->fd = -1;
                return fd;
        }
        return -ENOENT;
}

int daemon_listen(Daemon *d, const char *name, const char *address) {
        int fd = daemon_take_socket(d, name);

        return fd == -ENOENT ? listen_socket(address) : fd;
}

static int run(Daemon *d) {
        int r;

        r = inherit_sockets(d);
        if (r < 0)
                return r;
        r = init_handles(d);
        if (r < 0)
                return r;
        r = d->ops->start(d, d->userdata);
        if (r < 0)
                return r;
        if (d->state == DAEMON_FINISHED)
                return 0;

        /* The loop has polled once when a timer of 1 ms expires. */
        (void)uv_timer_start(&d->ready, on_ready, 1, 0);
        start_watchdog(d);
        d->state = DAEMON_RUNNING;
        if (d->stop_asked)
                daemon_stop(d);
        while (d->state != DAEMON_FINISHED)
                (void)uv_run(&d->loop, UV_RUN_DEFAULT);
        return 0;
}

static void on_close_deadline(uv_timer_t *timer) {
        uv_stop(timer->loop);
}

static void report_leftover(uv_handle_t *handle, void *userdata _unused_) {
        log_debug("A handle was left open: %s", uv_handle_type_name(uv_handle_get_type(handle)));
}

static void close_own_handle(uv_handle_t *handle) {
        /* A handle whose init was never reached has no loop. */
        if (handle->loop && !uv_is_closing(handle))
                uv_close(handle, NULL);
}

/* Handles that owners closed in free() need turns of the loop to be gone. Bounded: a handle left
 * active must not keep a stopped daemon alive. */
static void drain_loop(Daemon *d) {
        uv_timer_t guard;

        uv_handle_t *own[] = { (uv_handle_t *)&d->sigterm,  (uv_handle_t *)&d->sigint,
                               (uv_handle_t *)&d->sighup,   (uv_handle_t *)&d->ready,
                               (uv_handle_t *)&d->watchdog, (uv_handle_t *)&d->deadline };
        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                close_own_handle(own[i]);

        (void)uv_timer_init(&d->loop, &guard);
        (void)uv_timer_start(&guard, on_close_deadline, CLOSE_MS, 0);
        uv_unref((uv_handle_t *)&guard);
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
        uv_close((uv_handle_t *)&guard, NULL);
        (void)uv_run(&d->loop, UV_RUN_NOWAIT);
}

int daemon_run(const DaemonOps *ops, void *userdata) {
        _cleanup_free_ Daemon *d = NULL;
        int r;

        assert(ops->start && ops->free);
        (void)signal(SIGPIPE, SIG_IGN);
        d = calloc(1, sizeof(Daemon));
        if (!d)
                return -ENOMEM;
        d->ops = ops;
        d->userdata = userdata;
        r = uv_loop_init(&d->loop);
        if (r < 0)
                return r;

        r = run(d);
        ops->free(d, userdata);
        free_sockets(d);
        drain_loop(d);
        if (uv_loop_close(&d->loop) == UV_EBUSY)
                uv_walk(&d->loop, report_leftover, NULL);
        return r;
}

uv_loop_t *daemon_loop(Daemon *d) {
        return &d->loop;
}

int daemon_reloaded(int r, const char *error, const char *log_level) {
        if (r < 0) {
                log_event(LOG_ERR, DPIN_MSG_CONFIG_INVALID, "settings refused, the old ones stay",
                          "DPIN_ERROR=%s", error ? error : "");
                return r;
        }
        log_set_level_name(log_level);
        log_event(LOG_INFO, DPIN_MSG_RELOADED, "settings read again", "DPIN_LEVEL=%s", log_level);
        return r;
}

void daemon_status(Daemon *d, const char *format, ...) {
        char text[sizeof(d->status)];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        for (char *p = text; *p; p++) /* a line break would start another assignment */
                if (*p == '\n')
                        *p = ' ';
        if (strcmp(text, d->status) == 0)
                return;
        memcpy(d->status, text, sizeof(text));
        (void)sd_notifyf(0, "STATUS=%s", text);
}
