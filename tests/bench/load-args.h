/* What dpin-load was asked for on its command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/time.h"

typedef struct LoadArgs {
        struct sockaddr_storage address; /* of the hub; loopback only */
        char authority[64];              /* "127.0.0.1:8081", as joins sign it */
        char path[64];
        unsigned validators, first;
        uint64_t seed;
        usec_t length; /* 0: until a signal */
        unsigned rate; /* ticks per second at most; 0: what the orders ask */
        unsigned suspects;
        usec_t batch, ahead, drain;
        const char *journal; /* borrowed from argv; NULL: none */
        double down;         /* fraction of the websites that are down */
        usec_t down_after;
        bool idle, bare, json; /* bare: the server speaks no dpin, the connection is all */
        bool stay;             /* after the last receipts, until another signal */
} LoadArgs;

/* 1: go on; 0: help was printed; -EINVAL: a sentence was printed. */
int load_args_parse(LoadArgs *ret, int argc, char **argv);
