/* What the clients that a check is compared with have in common: arguments, starts on an even grid,
 * what they cost and how long each check took, a summary on standard output. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Paced {
        /* as asked for */
        const char *url; /* http:// or https://, an IPv4 address and a port */
        const char *ca_file;
        const char *find;      /* a word at the beginning of a line of the answer, or NULL */
        uint64_t checks, rate; /* rate: a second; 0: all at once */
        uint64_t connections;  /* under way at once, at most */
        bool tls;
        struct sockaddr_in address;
        const char *host, *path; /* host: with the port */

        int timer;    /* readable when a start is due */
        uint64_t set; /* what it is set to */
        uint64_t first, started, ended, failed, active;
        uint64_t cpu, cost; /* ns, at the beginning, and from there to the last end */
        uint32_t *took;     /* µs, of those that went well */
        double *found;      /* the numbers behind the word */
        char authority[32];
} Paced;

/* Exits with a message when the arguments are wrong. */
void paced_init(Paced *p, int argc, char **argv);
void paced_done(Paced *p);
/* The grid begins now, and so does what is counted. */
void paced_begin(Paced *p);
/* Whether another check is to be started now; counts it. Sets the timer when it is not. */
bool paced_take(Paced *p);
/* One has ended; began by paced_now(). The answer is NUL-terminated, or NULL when it failed. */
void paced_end(Paced *p, uint64_t began, const char *answer);
bool paced_is_over(const Paced *p);
void paced_print(const Paced *p);
/* Nanoseconds. */
uint64_t paced_now(void);
