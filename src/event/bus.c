/* sd-bus says which events and which time it waits for; that may change by every call of its
 * functions anywhere, so it is asked before each sleep of the loop. */
#include "event/bus.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/time.h"
#include "event/bus-internal.h"
#include "event/timer.h"

#define NAME_RETRY (2 * USEC_PER_SEC)

enum {
        ROUND = 64
}; /* messages before others on the loop have their turn */

struct Bus {
        sd_bus *native;
        uv_poll_t *poll;
        Timer *timer;
        uv_prepare_t *prepare;
        int events; /* of poll(2), watched now */
        bool private;
        BusPending *pending;
        char *identifier;
        char *wanted; /* the name that could not be had yet, asked for again by the timer */
        Timer *again;
        sd_bus_slot *asked;
};

static void process(Bus *b);

static void on_io(uv_poll_t *poll, int status, int events _unused_) {
        Bus *b = poll->data;

        if (status < 0)
                b->events = 0; /* the loop polls a reset connection no more unless told again */
        process(b);
}

static void on_timer(void *userdata) {
        process(userdata);
}

static void on_closed(uv_handle_t *handle) {
        free(handle);
}

/* The bus is gone; what was exported is silent from now on. */
static void stop_watching(Bus *b, int r) {
        log_debug("The bus connection ended: %s", strerror(-r));
        (void)uv_poll_stop(b->poll);
        timer_stop(b->timer);
        if (b->again)
                timer_stop(b->again);
        (void)uv_prepare_stop(b->prepare);
}

static void process(Bus *b) {
        int r = 1;

        /* What is left after a round is due at once by sd_bus_get_timeout(). */
        for (unsigned i = 0; r > 0 && i < ROUND; i++)
                r = sd_bus_process(b->native, NULL);
        if (r < 0)
                stop_watching(b, r);
}

static int watch_events(Bus *b) {
        int events, uv = 0;

        events = sd_bus_get_events(b->native);
        if (events < 0 || events == b->events)
                return MIN(events, 0);
        b->events = events;
        if (events & POLLIN)
                uv |= UV_READABLE;
        if (events & POLLOUT)
                uv |= UV_WRITABLE;
        return uv_poll_start(b->poll, uv, on_io);
}

static int watch_timeout(Bus *b) {
        struct timespec now = {};
        uint64_t until, at;
        int r;

        r = sd_bus_get_timeout(b->native, &until);
        if (r < 0)
                return r;
        if (until == UINT64_MAX) {
                timer_stop(b->timer);
                return 0;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* what sd-bus counts in */
        at = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
        timer_after(b->timer, until <= at ? 0 : until - at);
        return 0;
}

static void on_prepare(uv_prepare_t *prepare) {
        Bus *b = prepare->data;
        int r;

        r = watch_events(b);
        if (r >= 0)
                r = watch_timeout(b);
        if (r < 0)
                stop_watching(b, r);
}

static int init_watches(Bus *b, uv_loop_t *loop) {
        int r;

        b->poll = calloc(1, sizeof(*b->poll));
        b->prepare = calloc(1, sizeof(*b->prepare));
        if (!b->poll || !b->prepare)
                return -ENOMEM;

        r = uv_poll_init(loop, b->poll, sd_bus_get_fd(b->native));
        if (r < 0)
                return r;
        (void)uv_prepare_init(loop, b->prepare);
        r = timer_new(&b->timer, loop, on_timer, b);
        if (r < 0)
                return r;
        b->poll->data = b->prepare->data = b;
        return uv_prepare_start(b->prepare, on_prepare);
}

static int open_private(sd_bus **ret, const char *address) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

static int open_bus(Bus **ret, uv_loop_t *loop, const char *address) {
        _cleanup_(bus_freep) Bus *b = NULL;
        int r;

        b = calloc(1, sizeof(Bus));
        if (!b)
                return -ENOMEM;
        b->private = address != NULL;
        r = address ? open_private(&b->native, address) : sd_bus_open_system(&b->native);
        if (r == -ECONNREFUSED || r == -ENOTDIR)
                return -ENOENT;
        if (r < 0)
                return r;
        r = init_watches(b, loop);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

int bus_new(Bus **ret, uv_loop_t *loop, const char *address, const char *name) {
        _cleanup_(bus_freep) Bus *b = NULL;
        int r;

        r = open_bus(&b, loop, address);
        if (r < 0)
                return r;
        r = sd_bus_request_name(b->native, name, 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

/* A handle that was never given to the loop is only memory. */
static void close_handle(void *handle) {
        uv_handle_t *h = handle;

        if (h && h->loop)
                uv_close(h, on_closed);
        else
                free(h);
}

Bus *bus_free(Bus *b) {
        if (!b)
                return NULL;
        while (b->pending) {
                BusPending *p = b->pending;

                bus_pending_remove(p);
                p->drop(p);
        }
        sd_bus_slot_unref(b->asked);
        timer_free(b->again);
        close_handle(b->prepare);
        timer_free(b->timer);
        close_handle(b->poll);
        sd_bus_flush_close_unref(b->native);
        free(b->identifier);
        free(b->wanted);
        free(b);
        return NULL;
}

sd_bus *bus_get(Bus *b) {
        return b->native;
}

bool bus_is_private(const Bus *b) {
        return b->private;
}

void bus_pending_add(Bus *b, BusPending *p, void (*drop)(BusPending *p)) {
        p->drop = drop;
        p->next = b->pending;
        p->link = &b->pending;
        if (p->next)
                p->next->link = &p->next;
        b->pending = p;
}

void bus_pending_remove(BusPending *p) {
        *p->link = p->next;
        if (p->next)
                p->next->link = p->link;
}

/* By syslog level, as systemctl log-level names them. */
static const char *const level_names[] = { "emerg",   "alert",  "crit", "err",
                                           "warning", "notice", "info", "debug" };

static int property_log_level(sd_bus *bus _unused_, const char *path _unused_,
                              const char *interface _unused_, const char *property _unused_,
                              sd_bus_message *reply, void *userdata _unused_,
                              sd_bus_error *error _unused_) {
        size_t level = (size_t)CLAMP(log_get_level(), 0, (int)ELEMENTSOF(level_names) - 1);

        return sd_bus_message_append(reply, "s", level_names[level]);
}

static int on_set_log_level(sd_bus *bus _unused_, const char *path _unused_,
                            const char *interface _unused_, const char *property _unused_,
                            sd_bus_message *value, void *userdata _unused_, sd_bus_error *error) {
        const char *name;
        int r;

        r = sd_bus_message_read(value, "s", &name);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(level_names); i++)
                if (strcmp(name, level_names[i]) == 0) {
                        log_set_level((int)i);
                        return 0;
                }
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown log level '%s'", name);
}

static int property_log_target(sd_bus *bus _unused_, const char *path _unused_,
                               const char *interface _unused_, const char *property _unused_,
                               sd_bus_message *reply, void *userdata _unused_,
                               sd_bus_error *error _unused_) {
        return sd_bus_message_append(reply, "s", getenv("JOURNAL_STREAM") ? "journal" : "console");
}

static const sd_bus_vtable log_control_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", property_log_level, on_set_log_level, 0, 0),
        SD_BUS_PROPERTY("LogTarget", "s", property_log_target, 0, 0),
        SD_BUS_PROPERTY("SyslogIdentifier", "s", NULL, offsetof(Bus, identifier),
                        SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int bus_add_log_control(Bus *b, const char *identifier) {
        assert(!b->identifier);
        b->identifier = strdup(identifier);
        if (!b->identifier)
                return -ENOMEM;
        return sd_bus_add_object_vtable(b->native, NULL, "/org/freedesktop/LogControl1",
                                        "org.freedesktop.LogControl1", log_control_vtable, b);
}

/* The name --------------------------------------------------------------------------------------
 */

static int on_named(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        Bus *b = userdata;
        uint32_t outcome = 0;

        b->asked = sd_bus_slot_unref(b->asked);
        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "u", &outcome) < 0 ||
            (outcome != 1 && outcome != 4)) /* owner from now on, owner already */
                return 0;
        log_info("has its place on D-Bus now: %s", b->wanted);
        b->again = timer_free(b->again);
        return 0;
}

static void on_again(void *userdata) {
        Bus *b = userdata;

        if (!b->asked)
                (void)sd_bus_request_name_async(b->native, &b->asked, b->wanted, 0, on_named, b);
}

/* While packages are installed, a daemon starts before the bus has read who may own its name; and a
 * daemon may still have the name that this one follows. */
static int ask_again(Bus *b, uv_loop_t *loop, const char *name) {
        int r;

        b->wanted = strdup(name);
        if (!b->wanted)
                return -ENOMEM;
        r = timer_new(&b->again, loop, on_again, b);
        if (r >= 0)
                timer_every(b->again, NAME_RETRY, NAME_RETRY);
        return r;
}

static void log_absence(const BusPlace *place, int r) {
        log_event(LOG_WARNING, DPIN_MSG_BUS_ABSENT,
                  r == -EEXIST ? "another has this daemon's place on D-Bus" : place->without,
                  "DPIN_ERROR=%s", strerror(-r));
}

static int request(Bus *b, uv_loop_t *loop, const BusPlace *place) {
        int r;

        r = sd_bus_request_name(b->native, place->name, 0);
        if (r != -EACCES && r != -EEXIST)
                return r;
        log_absence(place, r);
        return ask_again(b, loop, place->name);
}

int bus_take_place(Bus **ret, uv_loop_t *loop, const BusPlace *place) {
        _cleanup_(bus_freep) Bus *b = NULL;
        int r;

        *ret = NULL;
        if (place->address && strcmp(place->address, "none") == 0)
                return 0;
        r = open_bus(&b, loop, place->address);
        if (r >= 0)
                r = request(b, loop, place);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_absence(place, r);
                return 0;
        }
        r = bus_add_log_control(b, place->identifier);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 1;
}
