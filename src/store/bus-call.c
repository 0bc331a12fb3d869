/* guard -> who -> act; each step may be the last. */
#include "store/bus-call.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/polkit.h"

#define OPEN_MAX 64 /* calls that wait at the same time */

struct BusCall {
        BusCalls *calls;
        BusCall *next, **link;
        const BusDeed *deed;
        sd_bus_message *message;
        sd_bus_slot *slot; /* of the question who asks */
        StoreCall *store;
        void *handle; /* what it waits for beside the store, or NULL */
        void (*cancel)(void *handle);
        char actor[24];
        BusCallNote note;
};

struct BusCalls {
        Bus *bus;
        const BusDeed *deeds;
        void *userdata;
        BusCall *first;
        unsigned open;
};

static const struct {
        int error;
        const char *name, *text;
} errors[] = {
        { ENOENT, "org.dpin.Error.NotFound", "There is no such thing" },
        { EEXIST, "org.dpin.Error.Exists", "It exists already" },
        { ESTALE, "org.dpin.Error.Conflict", "It is not in the state for this" },
        { EINVAL, "org.dpin.Error.Invalid", "A value is not allowed" },
        { ENOTCONN, "org.dpin.Error.Unavailable", "The database is away" },
        { ENOBUFS, "org.dpin.Error.Unavailable", "Too much is waiting for the database" },
        { EAGAIN, "org.dpin.Error.Unavailable", "The database is busy, try again" },
};

static BusCall *bus_call_free(BusCall *c) {
        if (!c)
                return NULL;
        *c->link = c->next;
        if (c->next)
                c->next->link = c->link;
        c->calls->open--;
        store_call_cancel(c->store);
        if (c->handle)
                c->cancel(c->handle);
        sd_bus_slot_unref(c->slot);
        sd_bus_message_unref(c->message);
        free(c->note.text);
        explicit_bzero(&c->note, sizeof(c->note));
        free(c);
        return NULL;
}

int bus_calls_new(BusCalls **ret, Bus *bus, const BusDeed *deeds, void *userdata) {
        BusCalls *calls = calloc(1, sizeof(*calls));

        if (!calls)
                return -ENOMEM;
        *calls = (BusCalls){ .bus = bus, .deeds = deeds, .userdata = userdata };
        *ret = calls;
        return 0;
}

BusCalls *bus_calls_free(BusCalls *calls) {
        if (!calls)
                return NULL;
        while (calls->first)
                bus_call_free(calls->first);
        free(calls);
        return NULL;
}

/* One method ----------------------------------------------------------------------------------- */

static const BusDeed *find_deed(const BusCalls *calls, const char *member) {
        for (const BusDeed *d = calls->deeds; d->member; d++)
                if (strcmp(d->member, member) == 0)
                        return d;
        return NULL;
}

static BusCall *open_call(BusCalls *calls, sd_bus_message *m) {
        BusCall *c = calloc(1, sizeof(*c));

        if (!c)
                return NULL;
        *c = (BusCall){
                .calls = calls,
                .next = calls->first,
                .link = &calls->first,
                .deed = find_deed(calls, sd_bus_message_get_member(m)),
                .message = sd_bus_message_ref(m),
        };
        assert(c->deed); /* the vtable names no other */
        if (c->next)
                c->next->link = &c->next;
        calls->first = c;
        calls->open++;
        return c;
}

static int on_sender(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        BusCall *c = userdata;
        uint32_t uid;

        c->slot = sd_bus_slot_unref(c->slot);
        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "u", &uid) < 0) {
                bus_call_free(c); /* the sender is gone */
                return 0;
        }
        snprintf(c->actor, sizeof(c->actor), "uid %u", uid);
        c->deed->act(c, c->calls->userdata);
        return 0;
}

static int start(BusCalls *calls, sd_bus_message *m, bool ask) {
        BusCall *c;
        int r;

        if (calls->open >= OPEN_MAX)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                  "Too many calls are waiting");
        c = open_call(calls, m);
        if (!c)
                return -ENOMEM;
        if (!ask) {
                c->deed->act(c, calls->userdata);
                return 1;
        }
        r = sd_bus_call_method_async(bus_get(calls->bus), &c->slot, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "GetConnectionUnixUser", on_sender, c, "s",
                                     sd_bus_message_get_sender(m));
        if (r < 0)
                bus_call_free(c);
        return r < 0 ? r : 1;
}

static int on_allowed(sd_bus_message *m, void *userdata) {
        return start(userdata, m, true);
}

int bus_calls_method(BusCalls *calls, sd_bus_message *m) {
        const BusDeed *deed = find_deed(calls, sd_bus_message_get_member(m));

        if (deed->action)
                return polkit_check(calls->bus, m, deed->action, on_allowed, calls);
        return start(calls, m, false);
}

/* For a deed ----------------------------------------------------------------------------------- */

sd_bus_message *bus_call_message(BusCall *c) {
        return c->message;
}

void *bus_call_userdata(BusCall *c) {
        return c->calls->userdata;
}

BusCallNote *bus_call_note(BusCall *c) {
        return &c->note;
}

const char *bus_call_actor(const BusCall *c) {
        return c->actor;
}

StoreCall **bus_call_handle(BusCall *c) {
        return &c->store;
}

void bus_call_wait(BusCall *c, void *handle, void (*cancel)(void *handle)) {
        c->handle = handle;
        c->cancel = cancel;
}

BusCall *bus_call_resume(void *userdata) {
        BusCall *c = userdata;

        c->store = NULL;
        return c;
}

bool bus_call_read(BusCall *c, const char *types, ...) {
        va_list ap;
        int r;

        va_start(ap, types);
        r = sd_bus_message_rewind(c->message, true);
        if (r >= 0)
                r = sd_bus_message_readv(c->message, types, ap);
        va_end(ap);
        if (r >= 0)
                return true;
        bus_call_fail(c, -EINVAL, "The arguments cannot be read");
        return false;
}

bool bus_call_read_cursor(BusCall *c, const char **state, const char **after) {
        if (state ? !bus_call_read(c, "ssu", state, after, &c->note.limit)
                  : !bus_call_read(c, "su", after, &c->note.limit))
                return false;
        if (state && !(*state)[0])
                *state = NULL;
        if (c->note.limit >= 1 && c->note.limit <= BUS_CALL_PAGE_MAX)
                return true;
        bus_call_fail(c, -EINVAL, "The limit of a page is 1 to 500");
        return false;
}

bool bus_call_read_page(BusCall *c, const char **state, StorePage *ret) {
        const char *after;

        if (!bus_call_read_cursor(c, state, &after))
                return false;
        if (after[0] && uuid_parse(after, &c->note.after) < 0) {
                bus_call_fail(c, -EINVAL,
                              "A page goes on after what the page before gave as next, \"\" is the "
                              "start");
                return false;
        }
        *ret = (StorePage){ .after = after[0] ? &c->note.after : NULL, .limit = c->note.limit + 1 };
        return true;
}

bool bus_call_read_id(BusCall *c, const char *what, Uuid *ret) {
        char reason[64];
        const char *text;

        if (!bus_call_read(c, "s", &text))
                return false;
        if (uuid_parse(text, ret) == 0) {
                uuid_format(ret, c->note.id);
                return true;
        }
        snprintf(reason, sizeof(reason), "%s is a UUID of 36 characters", what);
        bus_call_fail(c, -EINVAL, reason);
        return false;
}

sd_bus_message *bus_call_answer(BusCall *c) {
        sd_bus_message *answer = NULL;
        int r;

        r = sd_bus_message_new_method_return(c->message, &answer);
        if (r >= 0)
                return answer;
        bus_call_fail(c, r, NULL);
        return NULL;
}

sd_bus_message *bus_call_open_page(BusCall *c, int r, const char *row) {
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return NULL;
        }
        answer = bus_call_answer(c);
        if (!answer)
                return NULL;
        r = sd_bus_message_open_container(answer, 'a', row);
        if (r >= 0)
                return answer;
        bus_call_reply(c, answer, r);
        return NULL;
}

void bus_call_close_page(BusCall *c, sd_bus_message *answer, int r, const char *next) {
        if (r >= 0)
                r = sd_bus_message_close_container(answer);
        if (r >= 0)
                r = sd_bus_message_append(answer, "s", next);
        bus_call_reply(c, answer, r);
}

void bus_call_reply_done(BusCall *c) {
        sd_bus_message *answer = bus_call_answer(c);

        if (answer)
                bus_call_reply(c, answer, 0);
}

void bus_call_reply(BusCall *c, sd_bus_message *answer, int r) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *owned = answer;

        if (r >= 0)
                r = sd_bus_send(NULL, owned, NULL);
        if (r < 0)
                (void)sd_bus_reply_method_errno(c->message, r, NULL);
        bus_call_free(c);
}

void bus_call_reply_page(BusCall *c, int r, const BusRows *rows) {
        sd_bus_message *answer = bus_call_open_page(c, r, rows->type);
        size_t shown = MIN(rows->n, (size_t)c->note.limit);
        const char *row = rows->rows;
        char next[UUID_TEXT_SIZE] = "";

        if (!answer)
                return;
        for (size_t i = 0; r >= 0 && i < shown; i++, row += rows->size)
                r = rows->append(answer, row);
        if (shown < rows->n)
                uuid_format((const Uuid *)(row - rows->size + rows->id), next);
        bus_call_close_page(c, answer, r, next);
}

void bus_call_fail(BusCall *c, int r, const char *text) {
        const char *name = "org.dpin.Error.Failed", *words = strerror(-r);

        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (errors[i].error == -r) {
                        name = errors[i].name;
                        words = errors[i].text;
                }
        (void)sd_bus_reply_method_errorf(c->message, name, "%s", text ? text : words);
        bus_call_free(c);
}

void bus_call_reply_reloaded(BusCall *c, int r, const char *error) {
        if (r < 0) {
                bus_call_fail(c, r, error);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "the settings were read again",
                  "DPIN_ACTOR=%s", bus_call_actor(c));
        bus_call_reply_done(c);
}
