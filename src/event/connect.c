/* The owner's lists first, then how often. */
#include "event/connect.h"

#include "base/time.h"

bool connect_allowed(const struct sockaddr *address, socklen_t n _unused_, void *userdata) {
        const ConnectRules *rules = userdata;

        if (!guard_allows(rules->guard, address))
                return false;
        return !rules->throttle || guard_is_named(rules->guard, address) ||
               throttle_take(rules->throttle, address, now_boottime());
}

const NetAddress *connect_first(const ConnectRules *rules, ResolverResult *names, uint16_t port) {
        for (unsigned i = 0; i < names->n; i++) {
                NetAddress *a = &names->addresses[i];

                net_address_set_port(a, port);
                if (connect_allowed(&a->any, net_address_size(a), (void *)rules))
                        return a;
        }
        return NULL;
}
