/* What people send, read by a table; what is wrong with it is said in a sentence. Pure. */
#pragma once

#include <stddef.h>

#include "base/json.h"

typedef struct BodyProblem {
        unsigned status;  /* 400: no JSON object; 422: a member is wrong */
        char detail[256]; /* a sentence */
        char pointer[64]; /* JSON pointer of the member, or "" */
} BodyProblem;

/* What would be right of each member of the table, of others besides: "must be a UUID". */
typedef struct BodyWords {
        const char *member, *expected; /* NULL ends the list */
} BodyWords;

typedef struct BodyTable {
        const JsonField *fields;
        const BodyWords *words;
} BodyTable;

/* As json_read(): 0, and *ret is to be given to json_done(); or -EINVAL with *problem. */
int body_read(const char *text, size_t n, const BodyTable *table, void *ret, BodyProblem *problem);
/* A member is wrong: by the table's words, by such words, or by a reason, which becomes a sentence.
 * -EINVAL. */
int body_refuse(BodyProblem *problem, const BodyTable *table, const char *member);
int body_refuse_as(BodyProblem *problem, const char *member, const char *expected);
int body_refuse_for(BodyProblem *problem, const char *member, const char *reason);
