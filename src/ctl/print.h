/* How verbs answer on the standard output. */
#pragma once

#include "base/json.h"
#include "ctl/command.h"
#include "ctl/table.h"

/* All rows, or the first one upright; by --json, NO_COLOR and what the output is; rows by way of a
 * pager when there is a terminal. */
CtlExit print_table(const Args *args, const Table *t);
/* As print_table(), but never by way of a pager. */
CtlExit print_rows_at_once(const Args *args, const Table *t);
CtlExit print_record(const Args *args, const Table *t);
/* Takes what was written, and prints it on a line. */
CtlExit print_json(JsonWriter *w);
/* {"name": "value"} by --json, else the value alone. */
CtlExit print_value(const Args *args, const char *name, const char *value);
