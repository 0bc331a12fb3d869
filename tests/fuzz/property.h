/* What fuzz targets share: the entry point, a claim that must hold for every input, and the input
 * as text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline _Noreturn void property_failed(const char *claim, const char *file, int line) {
        fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
        abort();
}

/* Ends the program where the claim does not hold; the fuzzer keeps the input. */
#define PROPERTY(claim) ((claim) ? (void)0 : property_failed(#claim, __FILE__, __LINE__))

/* NUL-terminated, of exactly that size, so that a sanitizer sees a read past its end. Freed by the
 * caller. */
static inline char *input_text(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1);

        PROPERTY(text != NULL);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        return text;
}

/* The next line of *rest, "" when there is none. */
static inline char *input_line(char **rest) {
        static char nothing[1];
        char *line = strsep(rest, "\n");

        return line ? line : nothing;
}

/* A file with these bytes that has no name: its path for as long as the descriptor is open. */
static inline int input_file(const void *data, size_t size, char ret_path[static 32]) {
        int fd = memfd_create("fuzz", MFD_CLOEXEC);

        PROPERTY(fd >= 0);
        PROPERTY(write(fd, data, size) == (ssize_t)size);
        snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
        return fd;
}
