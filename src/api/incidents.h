/* GET /api/v1/incidents: what went wrong, newest first. */
#pragma once

#include "api/call.h"

void incidents_list(ApiCall *c);
