/* The owner's lists first, then how often. */
#include "validator/connect.h"

#include "base/time.h"

bool connect_allowed(const struct sockaddr *address, socklen_t n _unused_, void *userdata) {
        const ConnectRules *rules = userdata;

        if (!guard_allows(rules->guard, address))
                return false;
        return !rules->throttle || guard_is_named(rules->guard, address) ||
               throttle_take(rules->throttle, address, now_boottime());
}
