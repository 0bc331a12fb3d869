/* One setting: text to member and back. */
#pragma once

#include <stdio.h>

#include "base/conf.h"

/* Sets the field's member of conf. 0; -EINVAL with what was expected in *reason, freed by the
 * caller; -ENOMEM. */
int conf_value_set(const ConfField *f, const char *text, void *conf, char **reason);
/* Prints the member so that conf_value_set() takes it again; a secret as "***". */
void conf_value_print(const ConfField *f, const void *conf, FILE *file);
