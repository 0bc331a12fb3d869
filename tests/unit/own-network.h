/* A network of the test's own, with nothing but loopback in it. */
#pragma once

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static inline bool own_network_write(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

        if (fd >= 0)
                close(fd);
        return written;
}

static inline bool own_network_map_root(uid_t uid, gid_t gid) {
        char uids[32], gids[32];

        snprintf(uids, sizeof(uids), "0 %u 1", uid);
        snprintf(gids, sizeof(gids), "0 %u 1", gid);
        return own_network_write("/proc/self/setgroups", "deny") &&
               own_network_write("/proc/self/uid_map", uids) &&
               own_network_write("/proc/self/gid_map", gids);
}

/* Once for all tests. false: this machine allows none. */
static inline bool own_network_enter(void) {
        struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        uid_t uid = getuid();
        gid_t gid = getgid();
        int fd, r;

        if (unshare(CLONE_NEWNET | (uid == 0 ? 0 : CLONE_NEWUSER)) < 0)
                return false;
        if (uid != 0 && !own_network_map_root(uid, gid))
                return false;
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        r = ioctl(fd, SIOCSIFFLAGS, &lo);
        close(fd);
        return r == 0;
}

static inline void own_network_set_range(const char *range) {
        assert_true(own_network_write("/proc/sys/net/ipv4/ping_group_range", range));
}

static inline void own_network_set_ignored(const char *value) {
        assert_true(own_network_write("/proc/sys/net/ipv4/icmp_echo_ignore_all", value));
}
