#include "base/memory-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int fill(int fd, const void *bytes, size_t n) {
        ssize_t k = write(fd, bytes, n);

        if (k < 0)
                return -errno;
        if ((size_t)k < n)
                return -ENOSPC;
        return lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

int memory_file_new(const char *name, const void *bytes, size_t n) {
        int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

        if (fd < 0)
                return -errno;
        r = fill(fd, bytes, n);
        if (r < 0)
                (void)close(fd);
        return r < 0 ? r : fd;
}
