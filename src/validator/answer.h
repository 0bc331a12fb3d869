/* Whether an answer is what its specification asks for: its status, what is asserted of it, and how
 * long its certificate is good for. Pure: the day is passed in. */
#pragma once

#include "event/http.h"
#include "validator/story.h"
#include "wire/spec.h"
#include "wire/tick.h"

/* Asks for what the assertions need: headers, and as much of the body. */
void answer_prepare(const Spec *spec, HttpRequest *request);

/* TICK_ERROR_NONE, _STATUS, _ASSERTION, _TOO_LARGE (to be asserted), _TLS_EXPIRING or _INTERNAL, of
 * an answer that came. today: days since 1970. story (may be NULL) is told of it. */
TickError answer_judge(const Spec *spec, const HttpResult *result, uint32_t today,
                       CheckStory *story);
/* The same of assertions alone, TICK_ERROR_NONE without any; of a certificate alone. expiry: days
 * since 1970, 0: there was none. */
TickError answer_judge_assertions(const Spec *spec, const AssertSeen *seen, CheckStory *story);
TickError answer_judge_certificate(const Spec *spec, uint32_t expiry, uint32_t today,
                                   CheckStory *story);
