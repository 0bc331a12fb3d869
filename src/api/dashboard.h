/* GET / and its files: the dashboard. */
#pragma once

#include "api/call.h"

void dashboard_file(ApiCall *c);
