/* An array of orders, looked through once for each window: slots lie on a grid, so nothing is
 * remembered of them. */
#include "load-work.h"

#include <errno.h>
#include <string.h>

typedef struct Held {
        OrderId id;
        usec_t start, interval;
        int64_t probed; /* highest number */
        uint64_t site;  /* hash of the website */
} Held;

struct LoadWork {
        LoadWorkOptions options;
        Held *held;
        size_t n, capacity;
        Tick *ticks;
        size_t ticks_capacity;
};

int load_work_new(LoadWork **ret, const LoadWorkOptions *options) {
        LoadWork *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        w->options = *options;
        *ret = w;
        return 0;
}

LoadWork *load_work_free(LoadWork *w) {
        if (!w)
                return NULL;
        free(w->held);
        free(w->ticks);
        free(w);
        return NULL;
}

size_t load_work_count(const LoadWork *w) {
        return w->n;
}

/* Orders --------------------------------------------------------------------------------------- */

static Held *find(const LoadWork *w, const OrderId *id) {
        for (size_t i = 0; i < w->n; i++)
                if (order_id_equal(&w->held[i].id, id))
                        return &w->held[i];
        return NULL;
}

static Held hold(const Order *o, const OrderId *id) {
        Held h = { .id = *id,
                   .start = (usec_t)o->start,
                   .interval = o->interval_ms * USEC_PER_MSEC };
        Hash hash;

        hash_bytes(&o->website, sizeof(o->website), &hash);
        memcpy(&h.site, hash.bytes, sizeof(h.site));
        return h;
}

static int add(LoadWork *w, const FrameOrder *entry, const SignScope *scope) {
        size_t capacity = w->capacity ? 2 * w->capacity : 64;
        Order order;
        OrderId id;
        Held *held;
        int r;

        r = frame_order_open(entry, scope, &order, &id);
        if (r < 0)
                return -EBADMSG;
        if (w->n == w->capacity) {
                held = realloc(w->held, capacity * sizeof(*held));
                if (!held)
                        return -ENOMEM;
                w->held = held;
                w->capacity = capacity;
        }
        w->held[w->n++] = hold(&order, &id);
        return 0;
}

int load_work_change(LoadWork *w, const FrameOrders *f, const SignScope *scope) {
        const FrameRemoved *removed = f->removed.items;
        const FrameOrder *entries = f->add.items;
        Held *h;
        int r = 0;

        if (f->reset)
                w->n = 0;
        for (size_t i = 0; i < f->removed.n; i++) {
                h = find(w, &removed[i].order);
                if (h)
                        *h = w->held[--w->n];
        }
        for (size_t i = 0; i < f->add.n && r >= 0; i++)
                r = add(w, &entries[i], scope);
        return r;
}

/* What is seen --------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x) { /* splitmix64 */
        x += 0x9e3779b97f4a7c15;
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
        x = (x ^ x >> 27) * 0x94d049bb133111eb;
        return x ^ x >> 31;
}

static bool is_down(const LoadWork *w, uint64_t site, usec_t boottime) {
        return (double)(site >> 11) / (double)(UINT64_C(1) << 53) < w->options.down &&
               boottime >= w->options.down_from;
}

/* Days since 1970: half a year away, so that nobody is told of it. */
static uint16_t certificate_end(const Tick *t, uint64_t site) {
        return (uint16_t)((usec_t)t->start / USEC_PER_DAY + 180 + site % 90);
}

static void see_up(Tick *t, uint64_t site, uint64_t chance) {
        t->outcome = TICK_UP;
        t->error = TICK_ERROR_NONE;
        t->status = 200;
        t->expiry_days = certificate_end(t, site);
        t->phases = (TickPhases){
                .dns = 150 + (uint32_t)(chance % 100),
                .connect = 400 + (uint32_t)(chance >> 8) % 300,
                .tls = 700 + (uint32_t)(chance >> 16) % 500,
                .wait = 900 + (uint32_t)(chance >> 24) % 2000,
                .transfer = 100 + (uint32_t)(chance >> 32) % 100,
        };
        t->body_length = (uint32_t)(2000 + site % 60000);
        memcpy(t->body_hash, &site, sizeof(t->body_hash));
}

static void see_down(Tick *t, uint64_t chance) {
        t->outcome = TICK_DOWN;
        t->error = TICK_ERROR_REFUSED;
        t->phases = (TickPhases){ .dns = 150, .connect = 300 + (uint32_t)chance % 200 };
}

/* Fields that the caller set: order, kind, number, start. */
static void see(const LoadWork *w, uint64_t site, usec_t boottime, Tick *t) {
        uint64_t chance = mix(site ^ (uint64_t)t->start);

        t->family = 4;
        memcpy(t->address, (const uint8_t[]){ 198, 18, (uint8_t)(site >> 8), (uint8_t)site }, 4);
        if (is_down(w, site, boottime))
                see_down(t, chance);
        else
                see_up(t, site, chance);
}

static int make_room(LoadWork *w, size_t n) {
        Tick *ticks;

        if (n <= w->ticks_capacity)
                return 0;
        ticks = realloc(w->ticks, 2 * n * sizeof(*ticks));
        if (!ticks)
                return -ENOMEM;
        w->ticks = ticks;
        w->ticks_capacity = 2 * n;
        return 0;
}

/* The tick of the slot within the window, if there is one: at most one, as a window is shorter than
 * an interval. */
static bool see_slot(const LoadWork *w, const Held *h, const LoadWindow *window, Tick *ret) {
        uint64_t slot = window->from <= h->start
                                        ? 0
                                        : (window->from - h->start + h->interval - 1) / h->interval;
        usec_t at = h->start + slot * h->interval;

        if (at >= window->to || slot > UINT32_MAX)
                return false;
        *ret = (Tick){ .order = h->id,
                       .kind = TICK_SCHEDULED,
                       .number = (uint32_t)slot,
                       .start = (int64_t)(at + mix(h->site ^ slot) % 2000) };
        see(w, h->site, at - (usec_t)window->hub_offset, ret);
        return true;
}

/* So that the same window has the same share, however often it is planned. */
static size_t allowed(const LoadWork *w, const LoadWindow *window) {
        double rate = w->options.per_second / (double)USEC_PER_SEC;

        if (rate <= 0)
                return SIZE_MAX;
        return (size_t)((uint64_t)((double)window->to * rate) -
                        (uint64_t)((double)window->from * rate));
}

size_t load_work_window(LoadWork *w, const LoadWindow *window, const Tick **ret, size_t *skipped) {
        size_t most = allowed(w, window), n = 0, begin = w->n ? mix(window->from) % w->n : 0;
        Tick tick;

        *skipped = 0;
        for (size_t i = 0; i < w->n; i++) {
                if (!see_slot(w, &w->held[(begin + i) % w->n], window, &tick))
                        continue;
                if (n < most && make_room(w, n + 1) >= 0)
                        w->ticks[n++] = tick;
                else
                        ++*skipped;
        }
        *ret = w->ticks;
        return n;
}

int load_work_probe(LoadWork *w, const FrameProbe *f, const SignScope *scope, const LoadWindow *now,
                    Tick *ret) {
        Held *h = find(w, &f->order), spare = { 0 };
        int kind = frame_probe_kind(f);
        OrderId id;
        Order order;

        if (kind < 0)
                return -EBADMSG;
        if (!h && f->spare.order.n > 0) {
                if (frame_order_open(&(FrameOrder){ f->spare.order, f->spare.spec }, scope, &order,
                                     &id) < 0 ||
                    !order_id_equal(&id, &f->order))
                        return -EBADMSG;
                spare = hold(&order, &id);
                h = &spare;
        }
        if (!h)
                return -ENOENT;
        if (f->number <= h->probed)
                return 0;
        h->probed = f->number;
        *ret = (Tick){ .order = f->order,
                       .kind = (TickKind)kind,
                       .number = (uint32_t)f->number,
                       .start = (int64_t)now->from };
        see(w, h->site, now->from - (usec_t)now->hub_offset, ret);
        ret->start -= (int64_t)tick_total(ret);
        return 1;
}
