/* Brings a database to the newest schema: files NNN-name.sql of a directory, in order, each in a
 * transaction of its own, under an advisory lock. Blocking: for --migrate and tests, never on a
 * loop. */
#pragma once

#include <stdio.h>

/* progress (or NULL) gets one line per step. The number of migrations applied, 0: nothing to do.
 * -EPROTO: the database is newer than the directory; -EBADMSG: an applied file was changed, or the
 * numbers have a hole; -ENOENT: no migrations there; -ENOTCONN; -EIO: SQL failed, nothing of that
 * file took effect. *error is then a sentence for people, freed by the caller. */
int store_migrate(const char *dsn, const char *directory, char **error, FILE *progress);
