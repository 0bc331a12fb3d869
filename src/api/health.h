/* GET /healthz and /readyz: for probes, without a token. */
#pragma once

#include "api/call.h"

/* The process answers. */
void health_alive(ApiCall *c);
/* It can answer for the database too. */
void health_ready(ApiCall *c);
