/* A folder of a test's own under /tmp, removed after it; for tests that need files. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct Folder {
        char path[64];
} Folder;

static inline Folder folder_new(void) {
        Folder f = { "/tmp/dpin-test-XXXXXX" };

        if (!mkdtemp(f.path))
                abort();
        return f;
}

static inline int folder_remove_entry(const char *path, const struct stat *st, int flag,
                                      struct FTW *w) {
        (void)st, (void)flag, (void)w;
        return remove(path);
}

static inline void folder_done(Folder *f) {
        nftw(f->path, folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file with the given mode and returns its path, valid until the next call with the same
 * buffer. */
static inline const char *folder_put(const Folder *f, const char *name, const char *text,
                                     mode_t mode, char path[static 256]) {
        FILE *file;

        snprintf(path, 256, "%s/%s", f->path, name);
        file = fopen(path, "we");
        if (!file || fputs(text, file) < 0 || fclose(file) != 0 || chmod(path, mode) < 0)
                abort();
        return path;
}
