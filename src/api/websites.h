/* /api/v1/website and /api/v1/websites: what is checked, and how it is. */
#pragma once

#include "api/call.h"

/* "websiteId", from the body when there is one, else from the query. 0; negative: answered. */
int website_id_read(ApiCall *c, Uuid *ret);

void websites_list(ApiCall *c);
void website_create(ApiCall *c);
void website_delete(ApiCall *c);
void website_update(ApiCall *c);
void website_status(ApiCall *c);
void website_latency(ApiCall *c);
