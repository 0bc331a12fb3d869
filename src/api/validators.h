/* GET /api/v1/validators: who checks, and what they are owed. */
#pragma once

#include "api/call.h"

void validators_list(ApiCall *c);
