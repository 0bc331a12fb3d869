/* POST /api/v1/payout/:validatorId: asks for a validator's balance to be paid. */
#pragma once

#include "api/call.h"

void payout_create(ApiCall *c);
