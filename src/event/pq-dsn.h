/* Addresses of databases as settings give them: conninfo strings or URIs. Pure. */
#pragma once

/* 0; -EINVAL: libpq cannot read it, or it is NULL; *error, a sentence that begins with the
 * setting's name, is freed by the caller. Libpq's own words are not told: they repeat the password.
 */
int pq_dsn_check(const char *dsn, const char *setting, char **error);
