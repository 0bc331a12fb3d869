/* Makes the roles and the database in a PostgreSQL cluster that has none of them: for the machine's
 * own, as its superuser. Blocking, never on a loop. */
#pragma once

#include <stdio.h>

/* dsn is a superuser's, of any database but dpin. What exists stays as it is; progress (or NULL)
 * gets a line for each thing made. The number of things made; -ENOTCONN; -EIO: SQL failed. *error
 * is then a sentence for people, freed by the caller. */
int store_make_cluster(const char *dsn, char **error, FILE *progress);
