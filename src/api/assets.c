/* A name whose middle is a hash of the content (app-4VHN3VWN.js) never changes its content:
 * browsers may keep it for ever. All others are asked for again each time. */
#include "api/assets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/reply.h"

#define FILES_MAX 256u
#define FILE_MAX  ((off_t)16 * 1024 * 1024)
#define INDEX     "index.html"
#define HASH_N    8

struct Assets {
        Asset items[FILES_MAX];
        size_t n;
};

static const char *type_of(const char *name) {
        static const struct {
                const char *end, *type;
        } types[] = {
                { ".css", "text/css; charset=utf-8" },
                { ".html", "text/html; charset=utf-8" },
                { ".ico", "image/x-icon" },
                { ".js", "text/javascript; charset=utf-8" },
                { ".json", "application/json" },
                { ".png", "image/png" },
                { ".svg", "image/svg+xml" },
                { ".txt", "text/plain; charset=utf-8" },
                { ".webmanifest", "application/manifest+json" },
                { ".woff2", "font/woff2" },
        };
        const char *end = strrchr(name, '.');

        for (size_t i = 0; end && i < ELEMENTSOF(types); i++)
                if (strcmp(end, types[i].end) == 0)
                        return types[i].type;
        return "application/octet-stream";
}

static bool is_hashed(const char *name) {
        const char *dash = strrchr(name, '-');

        return dash && strspn(dash + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == HASH_N &&
               dash[1 + HASH_N] == '.';
}

static int read_all(int fd, uint8_t *ret, size_t n) {
        size_t done = 0;

        while (done < n) {
                ssize_t k = read(fd, ret + done, n - done);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return k < 0 ? -errno : -EIO;
                done += (size_t)k;
        }
        return 0;
}

static void asset_done(Asset *a) {
        free(a->name);
        free(a->etag);
        free(a->body);
}

static int asset_init(Asset *a, const char *name, int fd, size_t n) {
        char etag[ETAG_SIZE];
        int r;

        *a = (Asset){ .name = strdup(name),
                      .content_type = type_of(name),
                      .cache_control = is_hashed(name) ? "public, max-age=31536000, immutable"
                                                       : "no-cache",
                      .body = malloc(n > 0 ? n : 1),
                      .n = n };
        if (!a->name || !a->body)
                return -ENOMEM;
        r = read_all(fd, a->body, n);
        if (r < 0)
                return r;
        a->etag = strdup(etag_make(a->body, n, etag));
        return a->etag ? 0 : -ENOMEM;
}

static int add_open_file(Assets *a, const char *name, int fd) {
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return 0;
        if (st.st_size > FILE_MAX || a->n >= FILES_MAX)
                return -EFBIG;
        r = asset_init(&a->items[a->n], name, fd, (size_t)st.st_size);
        if (r < 0)
                asset_done(&a->items[a->n]);
        else
                a->n++;
        return r;
}

static int add_file(Assets *a, int directory, const char *name) {
        int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        int r;

        if (fd < 0)
                return -errno;
        r = add_open_file(a, name, fd);
        close(fd);
        return r;
}

static int add_files(Assets *a, DIR *dir) {
        struct dirent *entry;
        int r;

        for (;;) {
                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return -errno;
                if (entry->d_name[0] == '.')
                        continue;
                r = add_file(a, dirfd(dir), entry->d_name);
                if (r < 0)
                        return r;
        }
}

int assets_load(Assets **ret, const char *directory) {
        _cleanup_(assets_freep) Assets *a = calloc(1, sizeof(*a));
        DIR *dir;
        int r;

        if (!a)
                return -ENOMEM;
        dir = opendir(directory);
        if (!dir)
                return -errno;
        r = add_files(a, dir);
        closedir(dir);
        if (r < 0)
                return r;
        if (!assets_find(a, ""))
                return -ENOENT;

        *ret = TAKE_PTR(a);
        return 0;
}

Assets *assets_free(Assets *a) {
        if (!a)
                return NULL;
        for (size_t i = 0; i < a->n; i++)
                asset_done(&a->items[i]);
        free(a);
        return NULL;
}

const Asset *assets_find(const Assets *a, const char *name) {
        if (!*name)
                name = INDEX;
        for (size_t i = 0; i < a->n; i++)
                if (strcmp(a->items[i].name, name) == 0)
                        return &a->items[i];
        return NULL;
}
