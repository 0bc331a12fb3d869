/* guard -> who -> act; each step may be the last. */
#include "store/bus-call.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event/polkit.h"

#define OPEN_MAX 64 /* calls that wait at the same time */

struct BusCall {
        BusCalls *calls;
        BusCall *next, **link;
        const BusDeed *deed;
        sd_bus_message *message;
        sd_bus_slot *slot; /* of the question who asks */
        StoreCall *store;
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

bool bus_call_read_page(BusCall *c) {
        if (!bus_call_read(c, "uu", &c->note.offset, &c->note.limit))
                return false;
        if (c->note.limit >= 1 && c->note.limit <= BUS_CALL_PAGE_MAX)
                return true;
        bus_call_fail(c, -EINVAL, "The limit of a page is 1 to 500");
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

void bus_call_reply(BusCall *c, sd_bus_message *answer, int r) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *owned = answer;

        if (r >= 0)
                r = sd_bus_send(NULL, owned, NULL);
        if (r < 0)
                (void)sd_bus_reply_method_errno(c->message, r, NULL);
        bus_call_free(c);
}

static int append_page(sd_bus_message *answer, const BusRows *rows, const BusCallNote *note) {
        size_t end = MIN(rows->n, (size_t)note->offset + note->limit);
        int r;

        r = sd_bus_message_open_container(answer, 'a', rows->type);
        for (size_t i = note->offset; r >= 0 && i < end; i++)
                r = rows->append(answer, (const char *)rows->rows + i * rows->size);
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

void bus_call_reply_page(BusCall *c, int r, const BusRows *rows) {
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, append_page(answer, rows, &c->note));
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
