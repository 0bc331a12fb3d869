/* Any bytes as a secret's file: read whole, or refused for its size or who may read it. The first
 * byte is the file's mode. */
#include <errno.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "property.h"

enum {
        SIZE_MAX_READ = 65536
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL;
        mode_t mode;
        char path[32];
        size_t n = 0;
        int fd, r;

        if (size == 0)
                return 0;
        mode = 0600 | (data[0] & S_IRWXO);
        fd = input_file(data + 1, size - 1, path);
        PROPERTY(fchmod(fd, mode) == 0);
        r = conf_read_secret(NULL, path, &text, &n);
        close(fd);
        if (mode != 0600)
                PROPERTY(r == -EPERM);
        else if (size - 1 > SIZE_MAX_READ)
                PROPERTY(r == -EFBIG);
        else
                PROPERTY(r == 1 && n == size - 1 && memcmp(text, data + 1, n) == 0 && !text[n]);
        PROPERTY(r == 1 || !text);
        return 0;
}
