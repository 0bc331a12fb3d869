/* Organisations, and for how many days they keep what was seen, as the hub lists them. */
#pragma once

#include "ctl/command.h"
#include "ctl/table.h"

/* state: "own", only those with days of their own; "": all. The table is freed by the caller. */
CtlExit organisations_ask(const Args *args, const char *state, Table **ret);
