/* /api/v1/alerts and /api/v1/alert: what was told, to whom, and what became of it. */
#pragma once

#include "api/call.h"

void alerts_list(ApiCall *c);
void alert_show(ApiCall *c);
void alert_post_replay(ApiCall *c);
