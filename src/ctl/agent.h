/* The agent that asks at a terminal for the password polkit wants: pkttyagent, for as long as it is
 * needed. */
#pragma once

#include "base/macro.h"

typedef struct Agent Agent;

/* Waits until it is at work. -ENOTTY: nobody is at a terminal; -ENOENT: it is not installed;
 * -ETIMEDOUT, -ECHILD: it did not come up. */
int agent_start(Agent **ret);
/* Ends it. */
Agent *agent_free(Agent *a);
DEFINE_FREEP(Agent, agent_free);
