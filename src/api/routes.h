/* Every address the API answers, what may be done there, and with which scope. */
#pragma once

#include "api/router.h"

extern const Route api_routes[];
