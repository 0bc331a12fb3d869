/* The first step of what is done for an organisation: which one it is. */
#pragma once

#include "api/bus-deeds.h"
#include "store/accounts.h"

/* The first one, made when there is none; then() goes on with the call. */
void bus_owner_ensure(BusCall *c, OrganisationRows then);
/* What then() was given is an organisation. false: answered. */
bool bus_owner_is_there(BusCall *c, int r, size_t n);
