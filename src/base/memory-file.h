/* Text for whoever takes a descriptor: in memory, where nobody can change it, and on no disk. */
#pragma once

#include <stddef.h>

/* A descriptor, the caller's to close, at the beginning of n bytes; closed on exec. name (at most
 * 249 bytes): what /proc shows. -errno: what the kernel says, -ENOSPC when it took only a part. */
int memory_file_new(const char *name, const void *bytes, size_t n);
