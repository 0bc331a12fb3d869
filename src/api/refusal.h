/* What the API refuses is counted by its code, and logged within limits: the first of a code and an
 * address, then one sum a minute. */
#pragma once

#include <sys/socket.h>

#include "base/refusals.h"
#include "event/httpd-head.h"

/* peer: NULL when it is not known. Neither address nor token of the request are kept. */
void refusal_note(Refusals *r, const HttpdRefusal *refusal, const struct sockaddr *peer);
/* Once a minute. */
void refusal_summarise(Refusals *r);
