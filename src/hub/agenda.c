/* Slots are numbered from the loop's beginning of time; the items of one are in the list of its
 * number modulo the number of lists. None that is on the agenda is further ahead than these reach.
 * Lists are arrays, so that putting an item there looks at no other one. */
#include "hub/agenda.h"

#include <errno.h>
#include <string.h>

#include "event/timer.h"

#define SLOTS       1024u
#define WORD_BITS   64u
#define GRAIN_MSEC  (AGENDA_GRAIN / USEC_PER_MSEC)
#define NO_SLOT     UINT64_MAX
#define ITEMS_FIRST 16u
#define AT_ONCE     64u           /* items whose memory is fetched together */
#define NEXT_TURN   USEC_PER_MSEC /* a timer of no time would come in the same one */

typedef struct List {
        AgendaItem **items; /* NULL within those that are due: taken away */
        uint32_t n, max;
} List;

struct Agenda {
        uv_loop_t *loop;
        Timer *timer;
        const AgendaOps *ops;
        void *userdata;
        uint64_t served;  /* the newest slot that was, or is */
        uint64_t set_for; /* slot the timer waits for, or NO_SLOT */
        List lists[SLOTS];
        uint64_t filled[SLOTS / WORD_BITS]; /* a bit for each list */
        List due;                           /* those of slot `served`, until all were called */
        uint32_t next;                      /* of these */
};

_Static_assert(AGENDA_HORIZON == (SLOTS - 1) * AGENDA_GRAIN, "the wheel reaches to the horizon");

static uint64_t slot_now(const Agenda *a) {
        return uv_now(a->loop) / GRAIN_MSEC;
}

static void set_timer(Agenda *a, uint64_t slot) {
        uint64_t at = slot * GRAIN_MSEC, now = uv_now(a->loop);

        a->set_for = slot;
        timer_after(a->timer, at > now ? (at - now) * USEC_PER_MSEC : 0);
}

/* The first slot after those served that is not empty. */
static uint64_t next_filled(const Agenda *a) {
        for (uint64_t slot = a->served + 1; slot < a->served + SLOTS;) {
                unsigned list = slot % SLOTS, bit = list % WORD_BITS;
                uint64_t word = a->filled[list / WORD_BITS] >> bit;

                if (word)
                        return slot + (unsigned)__builtin_ctzll(word);
                slot += WORD_BITS - bit;
        }
        return NO_SLOT;
}

static void mark_empty(Agenda *a, unsigned list) {
        a->filled[list / WORD_BITS] &= ~(UINT64_C(1) << list % WORD_BITS);
}

static void fetch(const Agenda *a, uint32_t from, uint32_t to) {
        for (unsigned step = 0; a->ops->fetch && step < a->ops->fetch_steps; step++)
                for (uint32_t i = from; i < to; i++)
                        if (a->due.items[i])
                                a->ops->fetch(a->due.items[i], step);
}

static void call(Agenda *a, uint32_t from, uint32_t to) {
        for (uint32_t i = from; i < to; i++) {
                AgendaItem *item = a->due.items[i];

                if (!item)
                        continue;
                agenda_remove(a, item);
                a->ops->call(item, a->userdata);
        }
}

/* What is put on the agenda from now on is for a later slot. */
static void begin(Agenda *a, uint64_t slot) {
        a->served = slot;
        a->due = a->lists[slot % SLOTS];
        a->next = 0;
        a->lists[slot % SLOTS] = (List){ 0 };
        mark_empty(a, slot % SLOTS);
}

static bool must_wait(const Agenda *a) {
        return a->ops->must_wait && a->ops->must_wait(a->userdata);
}

/* 0: all that were due. Else how long the rest waits. */
static usec_t serve(Agenda *a, uint32_t *left) {
        while (a->next < a->due.n) {
                uint32_t from = a->next, to = MIN(from + MIN(AT_ONCE, *left), a->due.n);

                if (from == to)
                        return NEXT_TURN;
                if (must_wait(a))
                        return AGENDA_GRAIN;
                *left -= to - from;
                a->next = to;
                fetch(a, from, to);
                call(a, from, to);
        }
        free(a->due.items);
        a->due = (List){ 0 };
        return 0;
}

/* No slot is begun before the one before it is done. */
static void wait_with_rest(Agenda *a, usec_t delay) {
        a->set_for = a->served;
        timer_after(a->timer, delay);
}

static void on_timer(void *userdata) {
        Agenda *a = userdata;
        uint64_t now = slot_now(a), slot = NO_SLOT;
        uint32_t left = AGENDA_TURN;
        usec_t delay;

        a->set_for = NO_SLOT;
        while ((delay = serve(a, &left)) == 0 && (slot = next_filled(a)) <= now)
                begin(a, slot);
        if (delay > 0) {
                wait_with_rest(a, delay);
                return;
        }
        a->served = MAX(a->served, now);
        if (slot < a->set_for)
                set_timer(a, slot);
}

int agenda_new(Agenda **ret, uv_loop_t *loop, const AgendaOps *ops, void *userdata) {
        _cleanup_(agenda_freep) Agenda *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->loop = loop;
        a->ops = ops;
        a->userdata = userdata;
        a->set_for = NO_SLOT;
        a->served = slot_now(a);
        r = timer_new(&a->timer, loop, on_timer, a);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

Agenda *agenda_free(Agenda *a) {
        if (!a)
                return NULL;
        for (unsigned i = 0; i < SLOTS; i++)
                free(a->lists[i].items);
        free(a->due.items);
        timer_free(a->timer);
        free(a);
        return NULL;
}

static int append(List *l, AgendaItem *item) {
        uint32_t max = l->max ? 2 * l->max : ITEMS_FIRST;
        AgendaItem **items;

        if (l->n == l->max) {
                items = reallocarray(l->items, max, sizeof(AgendaItem *));
                if (!items)
                        return -ENOMEM;
                l->items = items;
                l->max = max;
        }
        item->at = l->n;
        l->items[l->n++] = item;
        return 0;
}

int agenda_put(Agenda *a, AgendaItem *item, usec_t delay) {
        uint64_t msec = MIN(delay, AGENDA_HORIZON) / USEC_PER_MSEC + 1;
        uint64_t slot = (uv_now(a->loop) + msec + GRAIN_MSEC - 1) / GRAIN_MSEC;
        unsigned list;
        int r;

        agenda_remove(a, item);
        slot = MAX(MIN(slot, a->served + SLOTS - 1), a->served + 1);
        list = slot % SLOTS;
        r = append(&a->lists[list], item);
        if (r < 0)
                return r;
        item->slot = slot;
        a->filled[list / WORD_BITS] |= UINT64_C(1) << list % WORD_BITS;
        if (slot < a->set_for)
                set_timer(a, slot);
        return 0;
}

/* The last one takes its place. */
static void take_out(Agenda *a, const AgendaItem *item) {
        List *l = &a->lists[item->slot % SLOTS];

        l->items[item->at] = l->items[--l->n];
        l->items[item->at]->at = item->at;
        if (l->n == 0)
                mark_empty(a, item->slot % SLOTS);
}

void agenda_remove(Agenda *a, AgendaItem *item) {
        if (item->slot == 0)
                return;
        if (item->slot == a->served) /* its slot's turn has come, and its own or not */
                a->due.items[item->at] = NULL;
        else
                take_out(a, item);
        *item = (AgendaItem){ 0 };
}
