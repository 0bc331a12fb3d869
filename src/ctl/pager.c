/* The standard output becomes a pipe for as long as the pager is open. Options of less as systemd
 * gives them: what fits on the screen is printed as if there were no pager. */
#include "ctl/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LESS_OPTIONS "FRSXMK"

extern char **environ;

struct Pager {
        pid_t pid;
        int output; /* the standard output as it was */
};

/* NULL: less. What a user's environment names is not run with the rights of root. */
static const char *chosen(void) {
        return getenv("SUDO_UID") ? NULL : getenv("PAGER");
}

static bool is_wanted(void) {
        const char *name = chosen(), *term = getenv("TERM");

        if (!isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0)
                return false;
        return !name || (name[0] && strcmp(name, "cat") != 0);
}

static int spawn(pid_t *ret, int input) {
        posix_spawn_file_actions_t actions;
        const char *name = chosen();
        char *shell[] = { (char *)"sh", (char *)"-c", (char *)name, NULL };
        char *less[] = { (char *)"less", NULL };
        int r;

        (void)setenv("LESS", LESS_OPTIONS, 0);
        (void)setenv("LESSSECURE", "1", 0);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        r = name ? posix_spawn(ret, "/bin/sh", &actions, NULL, shell, environ)
                 : posix_spawnp(ret, "less", &actions, NULL, less, environ);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int start(Pager *p) {
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r = spawn(&p->pid, fds[0]);
        (void)close(fds[0]);
        if (r >= 0) {
                (void)fflush(stdout);
                p->output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
                r = p->output < 0 || dup2(fds[1], STDOUT_FILENO) < 0 ? -errno : 0;
        }
        (void)close(fds[1]);
        return r;
}

int pager_open(Pager **ret) {
        _cleanup_(pager_closep) Pager *p = NULL;
        int r;

        if (!is_wanted())
                return 0;
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->output = -1;
        (void)signal(SIGPIPE, SIG_IGN); /* who has read enough closes it */
        r = start(p);
        if (r < 0)
                return 0;
        (void)signal(SIGINT, SIG_IGN); /* it is the pager's */
        *ret = TAKE_PTR(p);
        return 1;
}

Pager *pager_close(Pager *p) {
        if (!p)
                return NULL;
        if (p->output >= 0) {
                (void)fflush(stdout);
                clearerr(stdout);
                (void)dup2(p->output, STDOUT_FILENO);
                (void)close(p->output);
        }
        if (p->pid > 0)
                while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        (void)signal(SIGINT, SIG_DFL);
        free(p);
        return NULL;
}
