/* Websites that call themselves. POST /api/v1/website/heartbeat makes the address that one calls,
 * and the former one ends; GET or POST /api/v1/heartbeat/SECRET is the call, and a POST with /fail
 * behind it says that it failed: whoever only looks at that address does not. */
#pragma once

#include "api/call.h"

void heartbeat_create(ApiCall *c);
void heartbeat_call(ApiCall *c);
void heartbeat_fail(ApiCall *c);
