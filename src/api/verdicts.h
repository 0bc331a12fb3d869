/* /api/v1/website/verdict and /api/v1/website/verdicts: why a website is what it is, and was. */
#pragma once

#include "api/call.h"

void verdict_show(ApiCall *c);
void verdicts_list(ApiCall *c);
