/* The command line that all daemons share, as a table: parsing, --help and --version. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct DaemonArgs {
        const char *config; /* --config=PATH; borrowed from argv, as all strings here; NULL: default
                             */
        const char *bus;    /* --bus=ADDRESS: a private bus; NULL: the system bus */
        bool check_config;  /* --check-config: read the settings and exit */
        bool print_config;  /* --print-config: print the effective settings and exit */
} DaemonArgs;

/* One option a program adds. With metavar the member is a const char *, without it a bool. A
 * metavar in brackets, "[=WHAT]", may be left out: then the member is the empty text. */
typedef struct DaemonOption {
        const char *name; /* without the dashes; NULL ends a table */
        const char *metavar;
        const char *help;
        size_t offset;
} DaemonOption;

typedef struct DaemonProgram {
        const char *name;
        const char *summary;
        const DaemonOption *options; /* or NULL */
} DaemonProgram;

/* extra is the struct that program->options points into, or NULL. 1: go on. 0: --help or --version
 * was answered, exit successfully. -EINVAL: the reason is on stderr. */
int daemon_args_parse(const DaemonProgram *program, int argc, char *argv[], DaemonArgs *ret,
                      void *extra);
