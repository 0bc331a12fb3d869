/* What is not here: mail, which dpin sends itself; json, xml, form and apprise, for which there are
 * webhooks; what stays on the machine or in its network (dbus, syslog, kodi and the like); fcm,
 * whose URL may name a file. */
#include "store/alert-services.h"

#include <string.h>

#include "base/macro.h"

static const char *const services[] = {
        "bark",     "barks",     "boxcar",   "bulksms",   "clicksend", "d7sms",     "dapnet",
        "dingtalk", "discord",   "flock",    "gchat",     "gitter",    "gotify",    "gotifys",
        "guilded",  "hassio",    "hassios",  "ifttt",     "join",      "kavenegar", "kumulos",
        "lametric", "lametrics", "line",     "mastodon",  "mastodons", "matrix",    "matrixs",
        "mmost",    "mmosts",    "msg91",    "msgbird",   "msteams",   "ncloud",    "nclouds",
        "nctalk",   "nctalks",   "nexmo",    "notica",    "noticas",   "notifico",  "ntfy",
        "ntfys",    "onesignal", "opsgenie", "pagerduty", "parsep",    "parseps",   "pbul",
        "pjet",     "pjets",     "popcorn",  "pover",     "prowl",     "psafer",    "psafers",
        "push",     "pushed",    "reddit",   "rocket",    "rockets",   "ryver",     "schan",
        "signal",   "signals",   "sinch",    "slack",     "smseagle",  "smseagles", "sns",
        "spontit",  "spush",     "strmlabs", "tgram",     "toot",      "toots",     "tweet",
        "twilio",   "twist",     "twitter",  "vonage",    "wxteams",   "zulip",
};

bool alert_service_is_known(const char *name, size_t n) {
        size_t low = 0, high = ELEMENTSOF(services);

        while (n < ALERT_SERVICE_SIZE && low < high) {
                size_t middle = (low + high) / 2;
                int order = strncmp(name, services[middle], n);

                if (order == 0 && !services[middle][n])
                        return true;
                if (order > 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return false;
}
