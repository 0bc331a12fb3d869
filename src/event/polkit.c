/* One question to the bus per check: to polkit whether the sender may, or on a private bus who the
 * sender is. The message waits meanwhile, and is answered here unless it is allowed. */
#include "event/polkit.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "event/bus-internal.h"

/* A human may have to type a password. */
#define INTERACTIVE_TIMEOUT (2 * USEC_PER_MIN)
#define TIMEOUT             (10 * USEC_PER_SEC)

enum {
        ALLOW_USER_INTERACTION = 1
};

typedef struct PolkitCheck {
        BusPending pending;
        sd_bus_message *message;
        sd_bus_slot *slot;
        const char *action;
        PolkitDone done;
        void *userdata;
} PolkitCheck;

typedef enum Verdict {
        VERDICT_ALLOWED,
        VERDICT_BROKEN,
        VERDICT_ABSENT,
        VERDICT_CHALLENGE,
        VERDICT_DENIED,
        VERDICT_FOREIGN,
        _VERDICT_MAX,
} Verdict;

/* What is said before and after the name of the action. */
static const struct {
        const char *error, *before, *after;
} refusals[_VERDICT_MAX] = {
        [VERDICT_BROKEN] = { SD_BUS_ERROR_ACCESS_DENIED, "polkit gave no answer about ",
                             ": look at its journal" },
        [VERDICT_ABSENT] = { SD_BUS_ERROR_ACCESS_DENIED, "there is no polkit here to allow ",
                             ": install polkitd" },
        [VERDICT_CHALLENGE] = { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "",
                                " is for administrators: be root, or let polkit ask for a "
                                "password" },
        [VERDICT_DENIED] = { SD_BUS_ERROR_ACCESS_DENIED, "polkit does not allow you ",
                             ": root may, and whom a rule of polkit allows it" },
        [VERDICT_FOREIGN] = { SD_BUS_ERROR_ACCESS_DENIED, "",
                              ": on a private bus only root and the daemon's own user may" },
};

static PolkitCheck *check_free(PolkitCheck *c) {
        if (!c)
                return NULL;
        sd_bus_slot_unref(c->slot);
        sd_bus_message_unref(c->message);
        free(c);
        return NULL;
}
DEFINE_FREEP(PolkitCheck, check_free);

static void drop_check(BusPending *p) {
        check_free((PolkitCheck *)p);
}

static int refuse(PolkitCheck *c, Verdict verdict) {
        return sd_bus_reply_method_errorf(c->message, refusals[verdict].error, "%s%s%s",
                                          refusals[verdict].before, c->action,
                                          refusals[verdict].after);
}

static int finish(PolkitCheck *c, Verdict verdict) {
        int r;

        if (verdict != VERDICT_ALLOWED)
                return refuse(c, verdict);
        r = c->done(c->message, c->userdata);
        return r < 0 ? sd_bus_reply_method_errno(c->message, r, NULL) : 0;
}

/* Anything but a clear yes is a no. */
static Verdict polkit_verdict(sd_bus_message *reply) {
        int allowed, challenge;

        if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") <= 0 ||
            sd_bus_message_read(reply, "bb", &allowed, &challenge) < 0)
                return VERDICT_BROKEN;
        if (allowed)
                return VERDICT_ALLOWED;
        return challenge ? VERDICT_CHALLENGE : VERDICT_DENIED;
}

static Verdict private_verdict(sd_bus_message *reply) {
        uint32_t uid;

        if (sd_bus_message_read(reply, "u", &uid) < 0)
                return VERDICT_BROKEN;
        return uid == 0 || uid == geteuid() ? VERDICT_ALLOWED : VERDICT_FOREIGN;
}

static Verdict error_verdict(const sd_bus_error *error) {
        static const char *const absent[] = {
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                "org.freedesktop.systemd1.NoSuchUnit",
                "org.freedesktop.systemd1.UnitMasked",
        };

        log_debug("An authorization was not answered: %s", error->name);
        for (size_t i = 0; i < ELEMENTSOF(absent); i++)
                if (sd_bus_error_has_name(error, absent[i]))
                        return VERDICT_ABSENT;
        return VERDICT_BROKEN;
}

static int answer(PolkitCheck *c, sd_bus_message *reply, Verdict (*judge)(sd_bus_message *)) {
        _cleanup_(check_freep) PolkitCheck *owned = c;
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        bus_pending_remove(&owned->pending);
        return finish(owned, error ? error_verdict(error) : judge(reply));
}

static int on_polkit(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        return answer(userdata, reply, polkit_verdict);
}

static int on_private(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        return answer(userdata, reply, private_verdict);
}

static int ask_polkit(PolkitCheck *c, sd_bus *bus, const char *action) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *question = NULL;
        bool interactive;
        int r;

        interactive = sd_bus_message_get_allow_interactive_authorization(c->message) > 0;
        r = sd_bus_message_new_method_call(bus, &question, "org.freedesktop.PolicyKit1",
                                           "/org/freedesktop/PolicyKit1/Authority",
                                           "org.freedesktop.PolicyKit1.Authority",
                                           "CheckAuthorization");
        if (r < 0)
                return r;
        r = sd_bus_message_append(question, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                  sd_bus_message_get_sender(c->message), action, 0,
                                  interactive ? (uint32_t)ALLOW_USER_INTERACTION : 0U, "");
        if (r < 0)
                return r;
        return sd_bus_call_async(bus, &c->slot, question, on_polkit, c,
                                 interactive ? INTERACTIVE_TIMEOUT : TIMEOUT);
}

static int ask_private(PolkitCheck *c, sd_bus *bus) {
        return sd_bus_call_method_async(bus, &c->slot, "org.freedesktop.DBus",
                                        "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                        "GetConnectionUnixUser", on_private, c, "s",
                                        sd_bus_message_get_sender(c->message));
}

int polkit_check(Bus *b, sd_bus_message *m, const char *action, PolkitDone done, void *userdata) {
        _cleanup_(check_freep) PolkitCheck *c = NULL;
        int r;

        c = calloc(1, sizeof(PolkitCheck));
        if (!c)
                return -ENOMEM;
        c->message = sd_bus_message_ref(m);
        c->action = action;
        c->done = done;
        c->userdata = userdata;
        r = bus_is_private(b) ? ask_private(c, bus_get(b)) : ask_polkit(c, bus_get(b), action);
        if (r < 0)
                return r;
        bus_pending_add(b, &c->pending, drop_check);
        TAKE_PTR(c);
        return 1;
}
