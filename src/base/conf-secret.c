/* Secrets come from files only: systemd's credentials first, then a path. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/macro.h"

#define SECRET_SIZE_MAX 65536

static int close_fd(int fd) {
        if (fd >= 0)
                close(fd);
        return -EBADF;
}

static void close_fdp(int *fd) {
        *fd = close_fd(*fd);
}

/* 1: opened, 0: does not exist. */
static int open_file(const char *path, int *ret) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        *ret = fd;
        return 1;
}

static int open_credential(const char *name, int *ret) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        char path[PATH_MAX];

        if (!directory || !name)
                return 0;
        if (strchr(name, '/'))
                return -EINVAL;
        if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
                return -ENAMETOOLONG;
        return open_file(path, ret);
}

static int check_file(int fd) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if (st.st_mode & S_IRWXO)
                return -EPERM;
        if (st.st_size > SECRET_SIZE_MAX)
                return -EFBIG;
        return 0;
}

static int read_all(int fd, char *buffer, size_t size, size_t *ret_n) {
        size_t n = 0;

        while (n < size) {
                ssize_t got = read(fd, buffer + n, size - n);

                if (got < 0 && errno != EINTR)
                        return -errno;
                if (got == 0)
                        break;
                if (got > 0)
                        n += (size_t)got;
        }
        *ret_n = n;
        return 0;
}

int conf_read_secret(const char *name, const char *path, char **ret, size_t *ret_n) {
        _cleanup_(close_fdp) int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r;

        r = open_credential(name, &fd);
        if (r == 0 && path)
                r = open_file(path, &fd);
        if (r <= 0)
                return r;
        r = check_file(fd);
        if (r < 0)
                return r;
        text = malloc(SECRET_SIZE_MAX + 1);
        if (!text)
                return -ENOMEM;
        r = read_all(fd, text, SECRET_SIZE_MAX, &n);
        if (r < 0)
                return r;
        text[n] = '\0';
        if (ret_n)
                *ret_n = n;
        *ret = TAKE_PTR(text);
        return 1;
}

const char *conf_secret_error(int r) {
        switch (r) {
        case -EPERM:
                return "others may read or change it: chmod o= it";
        case -EFBIG:
                return "it is too long";
        case -EINVAL:
                return "it is no regular file";
        default:
                return strerror(-r);
        }
}
