/* Trusted authorities. The library takes one file and keeps its parsed store per path, so further
 * authorities are appended to a copy of the system's in memory: any other way parses 145
 * certificates for each request. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "event/http-parts.h"

#define FILE_MAX (16 * 1024 * 1024)

struct HttpTrust {
        HttpTrust *next;
        char *ca_file;
        int fd;
        char path[32];
};

static int append_file(int fd, const char *path) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n;
        int r = 0;

        if (file < 0)
                return -errno;
        do
                n = sendfile(fd, file, NULL, FILE_MAX);
        while (n > 0);
        if (n < 0 || write(fd, "\n", 1) != 1)
                r = -EIO;
        close(file);
        return r;
}

static int fill(HttpTrust *t) {
        const char *system_file = curl_version_info(CURLVERSION_NOW)->cainfo;
        int r;

        t->fd = memfd_create("trust", MFD_CLOEXEC);
        if (t->fd < 0)
                return -errno;

        r = system_file ? append_file(t->fd, system_file) : 0;
        if (r < 0 && r != -ENOENT)
                return r;
        return append_file(t->fd, t->ca_file);
}

int http_trust_get(HttpTrust **list, const char *ca_file, const char **ret) {
        HttpTrust *t;
        int r;

        for (t = *list; t; t = t->next)
                if (strcmp(t->ca_file, ca_file) == 0) {
                        *ret = t->path;
                        return 0;
                }

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        *t = (HttpTrust){ .ca_file = strdup(ca_file), .fd = -1 };
        r = t->ca_file ? fill(t) : -ENOMEM;
        if (r < 0) {
                http_trust_free(t);
                return r;
        }
        snprintf(t->path, sizeof(t->path), "/proc/self/fd/%d", t->fd);
        t->next = *list;
        *list = t;
        *ret = t->path;
        return 0;
}

HttpTrust *http_trust_free(HttpTrust *list) {
        while (list) {
                HttpTrust *t = list;

                list = t->next;
                if (t->fd >= 0)
                        close(t->fd);
                free(t->ca_file);
                free(t);
        }
        return NULL;
}
