/* /acknowledge/LINK: whoever has the link of an alert (wire/acknowledge.h) acknowledges its
 * incident with it, once. Looking at it changes nothing, as scanners of mail look at whatever is in
 * one. */
#pragma once

#include "api/call.h"

void acknowledge_show(ApiCall *c);
void acknowledge_use(ApiCall *c);
