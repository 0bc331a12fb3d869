/* Small files in one piece: what a verb reads, and what it makes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* path NULL or "-": the standard input. 0, *ret freed by the caller, with a NUL after the n bytes;
 * -EFBIG: more than max bytes; else the error of the file. */
int file_read(const char *path, size_t max, char **ret, size_t *ret_n);
/* Makes a file of mode 0600 and writes it down to the disk. -EEXIST: there is one; it is left
 * alone. */
int file_make(const char *path, const char *text, size_t n);
