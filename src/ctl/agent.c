/* It closes the descriptor it is given when it is registered, or dies. */
#include "ctl/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM   "pkttyagent"
#define START_MS  10000
#define SETTLE_MS 50

extern char **environ;

struct Agent {
        pid_t pid;
};

/* Its end of the pipe is kept open over exec(), and closed here. */
static int spawn(Agent *a, int notify[static 2]) {
        char option[32];
        char *argv[] = { (char *)PROGRAM, option, (char *)"--fallback", NULL };
        int r;

        (void)fcntl(notify[1], F_SETFD, 0);
        (void)snprintf(option, sizeof(option), "--notify-fd=%d", notify[1]);
        r = posix_spawnp(&a->pid, PROGRAM, NULL, NULL, argv, environ);
        (void)close(notify[1]);
        return r == 0 ? 0 : -r;
}

/* 1: there is something; 0: the time is over. */
static int wait_for(int fd, int ms) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int r;

        do
                r = poll(&p, 1, ms);
        while (r < 0 && errno == EINTR);
        return r < 0 ? -errno : r;
}

/* One that ends closes its descriptors before it can be seen as dead. */
static int wait_ready(const Agent *a, int fd) {
        int r, dead;

        r = wait_for(fd, START_MS);
        if (r <= 0)
                return r < 0 ? r : -ETIMEDOUT;
        dead = pidfd_open(a->pid, 0);
        if (dead < 0)
                return -errno;
        r = wait_for(dead, SETTLE_MS);
        (void)close(dead);
        return r > 0 ? -ECHILD : r;
}

int agent_start(Agent **ret) {
        _cleanup_(agent_freep) Agent *a = NULL;
        int notify[2], r;

        if (!isatty(STDIN_FILENO))
                return -ENOTTY;
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        if (pipe2(notify, O_CLOEXEC) < 0)
                return -errno;
        r = spawn(a, notify);
        if (r >= 0)
                r = wait_ready(a, notify[0]);
        (void)close(notify[0]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

Agent *agent_free(Agent *a) {
        if (!a)
                return NULL;
        if (a->pid > 0 && waitpid(a->pid, NULL, WNOHANG) == 0) {
                (void)kill(a->pid, SIGTERM);
                (void)kill(a->pid, SIGCONT);
                (void)waitpid(a->pid, NULL, 0);
        }
        free(a);
        return NULL;
}
