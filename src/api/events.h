/* GET /api/v1/events: the stream of what happens, from now or from where it broke off. */
#pragma once

#include "api/call.h"
#include "api/sse.h"

/* For the Sse of the context: its targets are the calls of this handler. */
extern const SseOps events_sse_ops;

void events_stream(ApiCall *c);
