/* A PostgreSQL of the test's own: fresh, on a Unix socket in a directory under DPIN_MEMORY or /tmp,
 * gone with the test. */
#pragma once

#include "base/macro.h"

typedef struct Postgres Postgres;

/* Takes a second or two. As root the server runs as user postgres. 0; -ENOENT: PostgreSQL is not
 * installed; -EIO: it did not start, the reason is on stderr. */
int postgres_start(Postgres **ret);
/* With what fill() puts into it. That is done by the first program of a build that asks for this
 * name, and again when a file of the pattern made_of has changed; the others have a copy. */
int postgres_start_filled(Postgres **ret, const char *name, const char *made_of,
                          int (*fill)(const Postgres *p));
/* Stops the server and removes its files. */
Postgres *postgres_stop(Postgres *p);
DEFINE_FREEP(Postgres, postgres_stop);

/* A conninfo of the superuser, database postgres. Other users need no password either. */
const char *postgres_dsn(const Postgres *p);
/* The directory of the socket. */
const char *postgres_directory(const Postgres *p);

/* By psql, and waited for: option "-c" runs value as SQL, "-f" a file. 0, or -EIO with the reason
 * on stderr. database NULL is postgres. */
int postgres_psql(const Postgres *p, const char *database, const char *option, const char *value);
