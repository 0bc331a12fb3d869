/* What the ways of alerts have of the settings. */
#pragma once

#include "hub/alert-sender.h"
#include "hub/conf.h"

/* All but the keys and the hooks; borrowed from c. */
AlertWays hub_alert_ways(const HubConf *c);
