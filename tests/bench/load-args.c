/* One table of options, one function that reads a value. */
#include "load-args.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALIDATORS_MAX 16000u /* below the descriptors a process may have */

static const char help[] =
                "dpin-load: validators with real keys for a real hub, as many as you like\n"
                "\n"
                "  --hub=ws://127.0.0.1:PORT/ws   where; loopback only\n"
                "  --validators=N                 how many (default 1)\n"
                "  --seed=N                       their keys follow from it (default 1)\n"
                "  --first=K                      index of the first key (default 0)\n"
                "  --seconds=S                    how long; 0 until a signal (default 10)\n"
                "  --rate=N                       ticks per second at most (default: the orders')\n"
                "  --batch-ms=N                   time a batch covers (default 1000)\n"
                "  --drain=S                      wait so long for the last receipts (default 3)\n"
                "  --stay                         stay connected after them until the next signal\n"
                "  --ahead=S                      batches are signed so long before (default 5)\n"
                "  --down=FRACTION                of the websites, by hash of their id, are down\n"
                "  --down-after=S                 from then on (default 0)\n"
                "  --journal=FILE                 a line per acknowledged tick:\n"
                "                                 VALIDATORHEX ORDERHEX KINDCLASS NUMBER\n"
                "                                 DISPOSITION START\n"
                "  --idle                         join and stay, send nothing\n"
                "  --bare                         WebSockets to any server that speak no dpin\n"
                "  --suspects=N                   hints per second, beside or (--idle) instead\n"
                "  --json                         the summary as one JSON object\n"
                "\n"
                "SIGTERM ends it as its time would; from SIGUSR1 on latencies are counted anew.\n"
                "KINDCLASS is 0 for a slot, 1 for a probe. DISPOSITION is 0 accepted, 1 late,\n"
                "2 unassigned, 3 duplicate, 4 future, 5 expired, or - where only the position in\n"
                "a welcome vouched for the batch. START is in microseconds of hub time.\n";

static int read_number(const char *text, double most, double *ret) {
        char *end;
        double value;

        errno = 0;
        value = strtod(text, &end);
        if (end == text || *end || errno || !(value >= 0 && value <= most))
                return -EINVAL;
        *ret = value;
        return 0;
}

static int read_hub(LoadArgs *a, const char *text) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&a->address;
        unsigned port;
        char host[32];

        if (sscanf(text, "ws://%31[0-9.]:%u%63s", host, &port, a->path) != 3 || port > 65535 ||
            a->path[0] != '/' || inet_pton(AF_INET, host, &v4->sin_addr) != 1 ||
            ntohl(v4->sin_addr.s_addr) >> 24 != 127)
                return -EINVAL;
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        snprintf(a->authority, sizeof(a->authority), "%s:%u", host, port);
        return 0;
}

typedef enum Option {
        OPTION_VALIDATORS,
        OPTION_SEED,
        OPTION_FIRST,
        OPTION_SECONDS,
        OPTION_RATE,
        OPTION_BATCH,
        OPTION_AHEAD,
        OPTION_DRAIN,
        OPTION_DOWN,
        OPTION_DOWN_AFTER,
        OPTION_SUSPECTS,
        _OPTION_NUMBERS, /* from here on they are no numbers */
        OPTION_HUB = _OPTION_NUMBERS,
        OPTION_JOURNAL,
        OPTION_BARE,
        OPTION_IDLE,
        OPTION_JSON,
        OPTION_STAY,
        OPTION_HELP,
} Option;

static const struct option options[] = {
        { "ahead", required_argument, NULL, OPTION_AHEAD },
        { "bare", no_argument, NULL, OPTION_BARE },
        { "batch-ms", required_argument, NULL, OPTION_BATCH },
        { "down", required_argument, NULL, OPTION_DOWN },
        { "down-after", required_argument, NULL, OPTION_DOWN_AFTER },
        { "drain", required_argument, NULL, OPTION_DRAIN },
        { "first", required_argument, NULL, OPTION_FIRST },
        { "help", no_argument, NULL, OPTION_HELP },
        { "hub", required_argument, NULL, OPTION_HUB },
        { "idle", no_argument, NULL, OPTION_IDLE },
        { "journal", required_argument, NULL, OPTION_JOURNAL },
        { "json", no_argument, NULL, OPTION_JSON },
        { "rate", required_argument, NULL, OPTION_RATE },
        { "seconds", required_argument, NULL, OPTION_SECONDS },
        { "seed", required_argument, NULL, OPTION_SEED },
        { "stay", no_argument, NULL, OPTION_STAY },
        { "suspects", required_argument, NULL, OPTION_SUSPECTS },
        { "validators", required_argument, NULL, OPTION_VALIDATORS },
        { NULL, 0, NULL, 0 },
};

static const double most[_OPTION_NUMBERS] = {
        [OPTION_VALIDATORS] = VALIDATORS_MAX,
        [OPTION_SEED] = 1e15,
        [OPTION_FIRST] = 1e6,
        [OPTION_SECONDS] = 1e6,
        [OPTION_RATE] = 1e6,
        [OPTION_BATCH] = 5000,
        [OPTION_AHEAD] = 120,
        [OPTION_DRAIN] = 3600,
        [OPTION_DOWN] = 1,
        [OPTION_DOWN_AFTER] = 1e6,
        [OPTION_SUSPECTS] = 1e5,
};

static void set_number(LoadArgs *a, Option o, double value) {
        switch (o) {
        case OPTION_VALIDATORS:
                a->validators = (unsigned)value;
                break;
        case OPTION_SEED:
                a->seed = (uint64_t)value;
                break;
        case OPTION_FIRST:
                a->first = (unsigned)value;
                break;
        case OPTION_SECONDS:
                a->length = (usec_t)(value * (double)USEC_PER_SEC);
                break;
        case OPTION_RATE:
                a->rate = (unsigned)value;
                break;
        case OPTION_BATCH:
                a->batch = (usec_t)(value * (double)USEC_PER_MSEC);
                break;
        case OPTION_AHEAD:
                a->ahead = (usec_t)(value * (double)USEC_PER_SEC);
                break;
        case OPTION_DRAIN:
                a->drain = (usec_t)(value * (double)USEC_PER_SEC);
                break;
        case OPTION_DOWN:
                a->down = value;
                break;
        case OPTION_DOWN_AFTER:
                a->down_after = (usec_t)(value * (double)USEC_PER_SEC);
                break;
        default:
                a->suspects = (unsigned)value;
        }
}

static int set_option(LoadArgs *a, Option o, const char *value) {
        double number;

        switch (o) {
        case OPTION_HUB:
                return read_hub(a, value);
        case OPTION_JOURNAL:
                a->journal = value;
                return 0;
        case OPTION_BARE:
                a->bare = true;
                return 0;
        case OPTION_IDLE:
                a->idle = true;
                return 0;
        case OPTION_JSON:
                a->json = true;
                return 0;
        case OPTION_STAY:
                a->stay = true;
                return 0;
        default:
                if (read_number(value, most[o], &number) < 0)
                        return -EINVAL;
                set_number(a, o, number);
                return 0;
        }
}

static int complain(const char *what, const char *value) {
        fprintf(stderr, "dpin-load: %s%s%s (try --help)\n", what, value ? " " : "",
                value ? value : "");
        return -EINVAL;
}

int load_args_parse(LoadArgs *ret, int argc, char **argv) {
        LoadArgs a = { .validators = 1,
                       .seed = 1,
                       .length = 10 * USEC_PER_SEC,
                       .batch = USEC_PER_SEC,
                       .ahead = 5 * USEC_PER_SEC,
                       .drain = 3 * USEC_PER_SEC };
        int o;

        while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (o == '?')
                        return complain("that is no option of mine", NULL);
                if (o == OPTION_HELP) {
                        fputs(help, stdout);
                        return 0;
                }
                if (set_option(&a, (Option)o, optarg) < 0)
                        return complain("a value is refused:", optarg);
        }
        if (optind < argc)
                return complain("that is no option:", argv[optind]);
        if (!a.authority[0])
                return complain("--hub=ws://127.0.0.1:PORT/ws is needed", NULL);
        if (a.validators == 0 || a.batch < 10 * USEC_PER_MSEC)
                return complain("at least one validator, and 10 ms for a batch", NULL);
        *ret = a;
        return 1;
}
