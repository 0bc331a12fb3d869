/* A machine's administrator works for its first organisation, which is made when it is missing. */
#include "api/bus-owner.h"

#include <errno.h>

void bus_owner_ensure(BusCall *c, OrganisationRows then) {
        ApiManager *m = bus_call_userdata(c);
        Uuid id = uuid7_new(now_realtime());
        int r;

        r = organisation_ensure(api_manager_store(m), &id, then, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

bool bus_owner_is_there(BusCall *c, int r, size_t n) {
        if (r >= 0 && n > 0)
                return true;
        bus_call_fail(c, r < 0 ? r : -EIO, NULL);
        return false;
}
