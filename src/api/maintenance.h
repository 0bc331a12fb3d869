/* /api/v1/maintenance: when websites are worked at. */
#pragma once

#include "api/call.h"

void maintenance_list(ApiCall *c);
void maintenance_create(ApiCall *c);
void maintenance_delete(ApiCall *c);
