/* Websites that call themselves. POST /api/v1/website/heartbeat makes the address that one calls,
 * and the former one ends; GET or POST /api/v1/heartbeat/SECRET is the call, with /fail behind it
 * one that says that it failed. */
#pragma once

#include "api/call.h"

void heartbeat_create(ApiCall *c);
void heartbeat_call(ApiCall *c);
void heartbeat_fail(ApiCall *c);
