/* What all kinds of checks do alike: what was seen becomes the fields of a tick. Pure. */
#pragma once

#include "event/http.h"
#include "event/resolver.h"
#include "wire/tick.h"

/* As the client saw it; whether the answer is accepted is not looked at. */
Tick check_seen_http(const HttpResult *r);
/* Class and outcome: the owner's policy and failures of this machine are no verdict on the target.
 */
void check_seen_set_error(Tick *t, TickError error);
/* AF_UNSPEC: none. */
void check_seen_set_address(Tick *t, const struct sockaddr *a);
/* A phase, saturating. */
uint32_t check_seen_phase(usec_t phase);
/* A check that took much longer than its timeout abstains: this machine stood still in between. */
void check_seen_judge_time(Tick *t, usec_t timeout);
/* Why a name did not become addresses. */
TickError check_seen_names(ResolverOutcome outcome);
/* AF_INET, AF_INET6, AF_UNSPEC of 4, 6, 0. */
int check_seen_family(uint8_t family);
