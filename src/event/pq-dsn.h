/* Addresses of databases as settings give them: conninfo strings or URIs. Pure. */
#pragma once

/* 0; -EINVAL: libpq cannot read it, or it is NULL; *error, a sentence that begins with the
 * setting's name, is freed by the caller. Libpq's own words are not told: they repeat the password.
 */
int pq_dsn_check(const char *dsn, const char *setting, char **error);

/* The servers that one names, each list turned round: libpq tries them from left to right, and
 * would never come to the second while the first one answers nothing at all. */
typedef struct PqHosts {
        char *host, *address, *port; /* keywords host, hostaddr and port; NULL: not in it */
        unsigned n;                  /* at least 1 */
} PqHosts;

/* The server number `turn`, counted round, comes first. 0; -EINVAL; -ENOMEM. */
int pq_hosts_read(const char *dsn, unsigned turn, PqHosts *ret);
void pq_hosts_done(PqHosts *h);
