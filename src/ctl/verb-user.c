/* dpinctl user */
#include "ctl/bus.h"
#include "ctl/print.h"

CtlExit verb_user_add(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *role = args->options[OPTION_ROLE], *id;
        CtlExit e;
        int r;

        e = bus_ask(args, &(const BusMethod){ &service_api, "AddUser" }, &answer, "ss", words[0],
                    role ? role : "viewer");
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &id);
        return r < 0 ? bus_garbled(&service_api, r) : print_value(args, "id", id);
}
