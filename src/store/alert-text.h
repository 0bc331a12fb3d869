/* Texts by plain substitution: {{field}} becomes the field's value, once, and nothing else is
 * understood. Values come from strangers: what could pretend to be something else in them, line
 * breaks, other control characters, those that turn the direction of writing, is not let through.
 * Pure. */
#pragma once

#include <stddef.h>

#define ALERT_TEMPLATE_MAX 8192 /* bytes */
#define ALERT_VALUE_MAX    600  /* bytes of a value; what is longer is cut, and says so */

typedef struct AlertField {
        const char *name; /* NULL ends a list */
        char *value;
} AlertField;

/* {{state}}, {{what}}, {{name}}, {{url}}, {{since}}, {{until}}, {{lasted}}, {{where}}, {{why}},
 * {{link}}, {{acknowledge}} and {{list}}: what alerts have, without values. A list has many lines,
 * the others one. */
#define ALERT_FIELDS 12
extern const AlertField alert_text_fields[ALERT_FIELDS + 1];

/* The texts of channels that have none of their own. */
extern const char alert_text_subject[], alert_text_body[];

/* Lines that only had empty values in them are left out. 0, *ret freed by the caller; -EINVAL:
 * there is no such field, or "{{" without its end; *where (may be NULL) is the place of it. */
int alert_text_fill(const char *template, const AlertField *fields, char **ret, const char **where);
/* A value as it may be shown; freed by the caller, NULL: out of memory. */
char *alert_text_clean(const char *value);
