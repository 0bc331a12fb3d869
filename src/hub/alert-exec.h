/* Programs that alerts may start, as root named them in hub.conf, and what each is told. Pure.
 *
 *      NAME=/PATH WORD WORD; NAME=/PATH
 *
 * Words have no blanks and no semicolons in them: no shell reads them. */
#pragma once

#include "hub/alert-facts.h"

typedef struct AlertHooks AlertHooks;

/* text NULL: none. 0; -EINVAL, and *reason (a sentence without its full stop) says why; -ENOMEM. */
int alert_hooks_new(AlertHooks **ret, const char *text, const char **reason);
AlertHooks *alert_hooks_free(AlertHooks *h);
DEFINE_FREEP(AlertHooks, alert_hooks_free);
/* What is started, ended by NULL; borrowed. NULL: there is none of this name. */
const char *const *alert_hooks_argv(const AlertHooks *h, const char *name);

typedef struct AlertExec {
        const char *id, *event, *channel; /* the alert's; the channel's name */
        const AlertFacts *facts;
        const char *subject, *text; /* for people, cleaned */
        const char *link;           /* or NULL */
} AlertExec;

#define ALERT_EXEC_VARIABLES 16

/* DPIN_* and PATH, each "NAME=value" in one line but DPIN_TEXT. */
typedef struct AlertEnvironment {
        char *variables[ALERT_EXEC_VARIABLES + 1]; /* ended by NULL */
} AlertEnvironment;

/* 0; -ENOMEM. */
int alert_environment_make(AlertEnvironment *ret, const AlertExec *e);
void alert_environment_done(AlertEnvironment *e);
