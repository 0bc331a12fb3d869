/* What to check, as options of a command line have it, becomes the JSON object that a daemon takes.
 */
#pragma once

#include "ctl/command.h"

/* --check as it is, or what the others ask for; *ret is freed by the caller, "" for the usual.
 * -EINVAL: *error says what does not fit (freed by the caller, NULL: out of memory); -ENOMEM. What
 * values may be, the daemon knows. */
int ask_write(const Args *args, char **ret, char **error);
/* The same; what does not fit is told on the standard error, CTL_USAGE. */
CtlExit ask_read(const Args *args, char **ret);
