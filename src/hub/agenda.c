/* Slots are numbered from the loop's beginning of time; one lies in the list of its number modulo
 * the number of lists. None that is on the agenda is further ahead than these reach. */
#include "hub/agenda.h"

#include <errno.h>
#include <utlist.h>

#include "event/timer.h"

#define SLOTS      1024u
#define WORD_BITS  64u
#define GRAIN_MSEC (AGENDA_GRAIN / USEC_PER_MSEC)
#define NO_SLOT    UINT64_MAX

struct Agenda {
        uv_loop_t *loop;
        Timer *timer;
        AgendaCall call;
        void *userdata;
        uint64_t served;  /* the newest slot that was */
        uint64_t set_for; /* slot the timer waits for, or NO_SLOT */
        AgendaItem *lists[SLOTS];
        uint64_t filled[SLOTS / WORD_BITS]; /* a bit for each list */
        AgendaItem *due;                    /* taken from their lists, to be called */
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

/* What is due goes to a list of its own: what is put on the agenda meanwhile is for later. */
static void take_due(Agenda *a, uint64_t now) {
        uint64_t last = MIN(now, a->served + SLOTS - 1), slot;
        AgendaItem *item;

        while ((slot = next_filled(a)) <= last) {
                unsigned list = slot % SLOTS;

                DL_FOREACH(a->lists[list], item)
                item->slot = NO_SLOT;
                DL_CONCAT(a->due, a->lists[list]);
                a->lists[list] = NULL;
                a->filled[list / WORD_BITS] &= ~(UINT64_C(1) << list % WORD_BITS);
                a->served = slot;
        }
        a->served = MAX(a->served, now);
}

static void on_timer(void *userdata) {
        Agenda *a = userdata;
        uint64_t next;

        a->set_for = NO_SLOT;
        take_due(a, slot_now(a));
        while (a->due) {
                AgendaItem *item = a->due;

                agenda_remove(a, item);
                a->call(item, a->userdata);
        }
        next = next_filled(a);
        if (next < a->set_for)
                set_timer(a, next);
}

int agenda_new(Agenda **ret, uv_loop_t *loop, AgendaCall call, void *userdata) {
        _cleanup_(agenda_freep) Agenda *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->loop = loop;
        a->call = call;
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
        timer_free(a->timer);
        free(a);
        return NULL;
}

void agenda_put(Agenda *a, AgendaItem *item, usec_t delay) {
        uint64_t msec = MIN(delay, AGENDA_HORIZON) / USEC_PER_MSEC + 1;
        uint64_t slot = (uv_now(a->loop) + msec + GRAIN_MSEC - 1) / GRAIN_MSEC;
        unsigned list;

        agenda_remove(a, item);
        slot = MAX(MIN(slot, a->served + SLOTS - 1), a->served + 1);
        list = slot % SLOTS;
        item->slot = slot;
        DL_APPEND(a->lists[list], item);
        a->filled[list / WORD_BITS] |= UINT64_C(1) << list % WORD_BITS;
        if (slot < a->set_for)
                set_timer(a, slot);
}

void agenda_remove(Agenda *a, AgendaItem *item) {
        unsigned list = item->slot % SLOTS;

        if (!item->prev) /* of a list's members it is never NULL */
                return;
        if (item->slot == NO_SLOT) {
                DL_DELETE(a->due, item);
        } else {
                DL_DELETE(a->lists[list], item);
                if (!a->lists[list])
                        a->filled[list / WORD_BITS] &= ~(UINT64_C(1) << list % WORD_BITS);
        }
        *item = (AgendaItem){ 0 };
}
