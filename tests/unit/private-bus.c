/* The daemon prints its address when it listens: that is waited for. */
#include "private-bus.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct PrivateBus {
        char directory[32];
        char configuration[48], socket[48];
        char address[256];
        pid_t pid;
};

static int write_configuration(PrivateBus *b) {
        FILE *f;

        (void)snprintf(b->directory, sizeof(b->directory), "/tmp/dpin-bus-XXXXXX");
        if (!mkdtemp(b->directory) || chmod(b->directory, 0755) < 0)
                return -errno;
        (void)snprintf(b->configuration, sizeof(b->configuration), "%s/bus.conf", b->directory);
        (void)snprintf(b->socket, sizeof(b->socket), "%s/bus", b->directory);
        f = fopen(b->configuration, "we");
        if (!f)
                return -errno;
        (void)fprintf(f,
                      "<busconfig><type>session</type><listen>unix:path=%s</listen>"
                      "<auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>"
                      "<allow own=\"*\"/><allow send_destination=\"*\" eavesdrop=\"true\"/>"
                      "<allow eavesdrop=\"true\"/></policy></busconfig>\n",
                      b->socket);
        return fclose(f) == 0 ? 0 : -EIO;
}

/* In the child. */
static void become_daemon(const PrivateBus *b, int address_fd) {
        char config[80];

        (void)snprintf(config, sizeof(config), "--config-file=%s", b->configuration);
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (dup2(address_fd, STDOUT_FILENO) < 0 || !freopen("/dev/null", "w", stderr))
                _exit(126);
        (void)execlp("dbus-daemon", "dbus-daemon", config, "--nofork", "--nopidfile",
                     "--print-address=1", NULL);
        _exit(127);
}

static int read_address(PrivateBus *b, int fd) {
        FILE *f;
        int r;

        f = fdopen(fd, "r");
        if (!f)
                return -errno;
        r = fgets(b->address, sizeof(b->address), f) ? 0 : -ENOENT;
        b->address[strcspn(b->address, "\n")] = '\0';
        (void)fclose(f);
        return r;
}

int private_bus_start(PrivateBus **ret) {
        _cleanup_(private_bus_stopp) PrivateBus *b = NULL;
        int r, fds[2];

        b = calloc(1, sizeof(PrivateBus));
        if (!b)
                return -ENOMEM;
        r = write_configuration(b);
        if (r < 0)
                return r;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        b->pid = fork();
        if (b->pid == 0)
                become_daemon(b, fds[1]);
        close(fds[1]);
        r = read_address(b, fds[0]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

PrivateBus *private_bus_stop(PrivateBus *b) {
        if (!b)
                return NULL;
        if (b->pid > 0) {
                (void)kill(b->pid, SIGTERM);
                (void)waitpid(b->pid, NULL, 0);
        }
        (void)unlink(b->socket);
        (void)unlink(b->configuration);
        (void)rmdir(b->directory);
        free(b);
        return NULL;
}

const char *private_bus_address(const PrivateBus *b) {
        return b->address;
}
