/* dpinctl organisation */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/organisations.h"
#include "ctl/print.h"

#define DAYS_MAX 36500u

CtlExit verb_organisation_list(const Args *args, const char *const *words _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        e = organisations_ask(args, "", &t);
        return e == CTL_OK ? print_table(args, t) : e;
}

CtlExit verb_organisation_keep(const Args *args, const char *const *words) {
        uint32_t days = 0;

        if (strcmp(words[2], "default") != 0 &&
            (args_number(words[2], DAYS_MAX, &days) < 0 || days == 0)) {
                fputs("dpinctl: say for how many days, or \"default\": as it is configured\n",
                      stderr);
                return CTL_USAGE;
        }
        return bus_ask(args, &(const BusMethod){ &service_hub, "KeepOrganisation" }, NULL, "ssu",
                       words[0], words[1], days);
}
