/* The files of the dashboard, read once at the start and kept in memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

typedef struct Assets Assets;

typedef struct Asset {
        char *name;
        const char *content_type;
        const char *cache_control;
        char *etag; /* quoted */
        uint8_t *body;
        size_t n;
} Asset;

/* Plain files of the directory, without its folders and hidden files. -ENOENT: no directory, or no
 * index.html in it; -EFBIG: more than 256 files or 16 MiB in one; another errno of reading. */
int assets_load(Assets **ret, const char *directory);
Assets *assets_free(Assets *a);
DEFINE_FREEP(Assets, assets_free);

/* "" is index.html. NULL: no such file. */
const Asset *assets_find(const Assets *a, const char *name);
