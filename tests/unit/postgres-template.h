/* A database whose server does not run, made by the first test program that needs it and copied by
 * the others: initdb and migrations take seconds, a copy takes none. It is an archive beside the
 * programs, so that every build has its own: 1,500 files take longer to read than to write. */
#pragma once

#include "base/macro.h"

typedef struct PostgresTemplate PostgresTemplate;

/* Waits for programs that are at it. `bin` has PostgreSQL's programs, `made_of` is a pattern
 * (a glob with {,}) of more files of which it is made, or NULL: if one is newer, it is to be made
 * again, as it is on another day. Negative: there can be none here. */
int postgres_template_open(PostgresTemplate **ret, const char *name, const char *bin,
                           const char *made_of);
PostgresTemplate *postgres_template_close(PostgresTemplate *t);
DEFINE_FREEP(PostgresTemplate, postgres_template_close);

/* To a directory that is not there yet. 0; -ENOENT: it is to be made; -EIO */
int postgres_template_copy(const PostgresTemplate *t, const char *to);
/* The files in this directory are it. */
int postgres_template_keep(const PostgresTemplate *t, const char *from);
