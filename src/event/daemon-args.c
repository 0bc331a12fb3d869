/* Common and own options are two tables of one shape, merged into what getopt_long() wants. */
#include "event/daemon-args.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

enum {
        OPTIONS_MAX = 32,
        OPTION_HELP = 1000,
        OPTION_VERSION,
};

static const DaemonOption common_options[] = {
        { "bus", "ADDRESS", "Use a private D-Bus instead of the system's",
          offsetof(DaemonArgs, bus) },
        { "check-config", NULL, "Read the settings, report errors and exit",
          offsetof(DaemonArgs, check_config) },
        { "config", "PATH", "Read settings from this file", offsetof(DaemonArgs, config) },
        { "print-config", NULL, "Print the effective settings, each with its origin, and exit",
          offsetof(DaemonArgs, print_config) },
        {},
};

typedef struct Parser {
        const DaemonOption *option[OPTIONS_MAX]; /* by the value getopt_long() returns */
        void *base[OPTIONS_MAX];                 /* the struct its offset points into */
        struct option native[OPTIONS_MAX + 3];   /* --help, --version and the end come last */
        size_t n;
} Parser;

static bool may_be_left_out(const char *metavar) {
        return metavar && metavar[0] == '[';
}

static int argument_of(const DaemonOption *o) {
        if (!o->metavar)
                return no_argument;
        return may_be_left_out(o->metavar) ? optional_argument : required_argument;
}

static void parser_add(Parser *p, const DaemonOption *options, void *base) {
        for (const DaemonOption *o = options; o && o->name && p->n < OPTIONS_MAX; o++) {
                p->option[p->n] = o;
                p->base[p->n] = base;
                p->native[p->n] = (struct option){
                        .name = o->name,
                        .has_arg = argument_of(o),
                        .val = (int)p->n,
                };
                p->n++;
        }
}

static void parser_init(Parser *p, const DaemonProgram *program, DaemonArgs *args, void *extra) {
        *p = (Parser){};
        parser_add(p, common_options, args);
        parser_add(p, program->options, extra);
        p->native[p->n] = (struct option){ .name = "help", .val = OPTION_HELP };
        p->native[p->n + 1] = (struct option){ .name = "version", .val = OPTION_VERSION };
}

static void parser_store(const Parser *p, int index, const char *value) {
        const DaemonOption *o = p->option[index];
        char *member = (char *)p->base[index] + o->offset;

        if (o->metavar)
                *(const char **)member = value ? value : "";
        else
                *(bool *)member = true;
}

static void print_option(const char *name, const char *metavar, const char *help) {
        char left[64];

        (void)snprintf(left, sizeof(left), "--%s%s%s", name,
                       metavar && !may_be_left_out(metavar) ? "=" : "", metavar ? metavar : "");
        printf("  %-24s %s\n", left, help);
}

static int print_help(const Parser *p, const DaemonProgram *program) {
        printf("%s [OPTIONS...]\n\n%s\n\n", program->name, program->summary);
        for (size_t i = 0; i < p->n; i++)
                print_option(p->option[i]->name, p->option[i]->metavar, p->option[i]->help);
        print_option("help", NULL, "Show this help");
        print_option("version", NULL, "Show the version");
        return 0;
}

static int print_version(const DaemonProgram *program) {
        printf("%s %s\n", program->name, DPIN_VERSION);
        return 0;
}

int daemon_args_parse(const DaemonProgram *program, int argc, char *argv[], DaemonArgs *ret,
                      void *extra) {
        Parser p;
        int c;

        *ret = (DaemonArgs){};
        parser_init(&p, program, ret, extra);
        optind = 0; /* glibc: start anew, also for a second command line in one process */
        while ((c = getopt_long(argc, argv, "h", p.native, NULL)) >= 0) {
                if (c == OPTION_HELP || c == 'h')
                        return print_help(&p, program);
                if (c == OPTION_VERSION)
                        return print_version(program);
                if (c == '?')
                        return -EINVAL;
                parser_store(&p, c, optarg);
        }
        if (optind < argc) {
                fprintf(stderr, "%s: unexpected argument '%s'\n", program->name, argv[optind]);
                return -EINVAL;
        }
        return 1;
}
