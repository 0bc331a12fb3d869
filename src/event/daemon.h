/* The skeleton of every daemon's main(): the loop, signals, readiness, watchdog, inherited sockets,
 * reload and a graceful stop. */
#pragma once

#include <uv.h>

#include "base/macro.h"

typedef struct Daemon Daemon;

typedef struct DaemonOps {
        /* Builds the daemon on the loop. Negative: it cannot start, and daemon_run() returns that.
         */
        int (*start)(Daemon *d, void *userdata);
        /* SIGHUP, after which RELOADING=1 / READY=1 are sent. Negative: refused, the old settings
         * stay. May be NULL. */
        int (*reload)(Daemon *d, void *userdata);
        /* SIGTERM or SIGINT: begin to drain; call daemon_finished() when done. A second signal or
         * 10 s end it at once. NULL: there is nothing to drain. */
        void (*stop)(Daemon *d, void *userdata);
        /* Always called once at the end, also after a failed start: free everything. The loop is
         * then run until handles closed. */
        void (*free)(Daemon *d, void *userdata);
} DaemonOps;

/* Runs until stopped. READY=1 is sent after start() returned and the loop turned once. 0 or
 * negative errno. SIGPIPE is ignored. */
int daemon_run(const DaemonOps *ops, void *userdata);

uv_loop_t *daemon_loop(Daemon *d);
/* The descriptor systemd passed under FileDescriptorName `name` (-ENOENT: none). Ownership goes to
 * the caller; it is non-blocking and close-on-exec. Called again, it gives the next of that name.
 */
int daemon_take_socket(Daemon *d, const char *name);
/* That one, or when there is none a socket of listen_socket(). */
int daemon_listen(Daemon *d, const char *name, const char *address);
/* Of settings that were read again (r and error: how that went) the log level is taken up, all else
 * at the next start; the journal is told either way. r. */
int daemon_reloaded(int r, const char *error, const char *log_level);
/* STATUS= for systemctl; the same again is not told again. */
void daemon_status(Daemon *d, const char *format, ...) _printf_(2, 3);
/* Asks for the same as SIGTERM does; asking again changes nothing. */
void daemon_stop(Daemon *d);
void daemon_finished(Daemon *d);

/* A listening TCP socket for "127.0.0.1:8001", "[::]:8001" or "*:8001" (the latter two take IPv4
 * too); port 0 takes a free one. Non-blocking, close-on-exec, SO_REUSEADDR. The descriptor, or
 * negative errno; -EINVAL: no such form. */
int listen_socket(const char *address);
/* The local "ADDRESS:PORT" of a socket, for an AF_UNIX one its path. -ENOBUFS: does not fit. */
int socket_name(int fd, char *ret, size_t size);
