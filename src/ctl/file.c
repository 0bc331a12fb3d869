/* A file that cannot be written whole is removed again. */
#include "ctl/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"

static int read_some(int fd, char *to, size_t n, size_t *done) {
        ssize_t k;

        while (*done < n) {
                k = read(fd, to + *done, n - *done);
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                if (k == 0)
                        return 0;
                *done += (size_t)k;
        }
        return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_n) {
        bool standard = !path || strcmp(path, "-") == 0;
        _cleanup_free_ char *text = malloc(max + 2);
        size_t n = 0;
        int fd, r;

        if (!text)
                return -ENOMEM;
        fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        r = read_some(fd, text, max + 1, &n);
        if (!standard)
                (void)close(fd);
        if (r < 0)
                return r;
        if (n > max)
                return -EFBIG;
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        *ret_n = n;
        return 0;
}

static int write_all(int fd, const char *text, size_t n) {
        ssize_t k;

        while (n > 0) {
                k = write(fd, text, n);
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                text += k;
                n -= (size_t)k;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

int file_make(const char *path, const char *text, size_t n) {
        int fd, r;

        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, n);
        if (close(fd) < 0 && r >= 0)
                r = -errno;
        if (r < 0)
                (void)unlink(path);
        return r;
}
