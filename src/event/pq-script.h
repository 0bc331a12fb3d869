/* A blocking connection for migrations and tools: whole scripts of many statements. Not for loops;
 * the daemons use pq.h. */
#pragma once

#include <stddef.h>

#include "base/macro.h"

typedef struct PqScript PqScript;

/* 0, -ENOTCONN, -ENOMEM. On -ENOTCONN *ret is set too, only good for pq_script_error(). */
int pq_script_open(PqScript **ret, const char *dsn);
PqScript *pq_script_close(PqScript *s);
DEFINE_FREEP(PqScript, pq_script_close);
/* The server's or libpq's text of the last failure; "" if none. Borrowed until the next call. */
const char *pq_script_error(const PqScript *s);

/* Any number of statements without parameters. 0; -EIO: one failed; -ENOTCONN. */
int pq_script_run(PqScript *s, const char *sql);

typedef void (*PqScriptRow)(const char *const *values, size_t n, void *userdata);
/* One statement with text parameters $1.. (ended by NULL, or NULL for none); row (or NULL) is
 * called for each row, SQL NULL as NULL. Errors as above. */
int pq_script_query(PqScript *s, const char *sql, const char *const *parameters, PqScriptRow row,
                    void *userdata);
