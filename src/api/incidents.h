/* /api/v1/incidents and /api/v1/incident: what went wrong, newest first; one with its timeline; and
 * what people do with it. */
#pragma once

#include "api/call.h"

void incidents_list(ApiCall *c);
void incident_show(ApiCall *c);
void incident_create(ApiCall *c);
void incident_post_acknowledge(ApiCall *c);
void incident_post_assign(ApiCall *c);
void incident_post_note(ApiCall *c);
void incident_post_resolve(ApiCall *c);
