/* The seats of one website. Members that stay keep their seat; what changes, and that it changes a
 * few seats at a time, is decided in site.c. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/sha256.h"
#include "hub/seats.h"
#include "hub/verdict.h"
#include "wire/bytes.h"

struct SeatTable {
        uint8_t n, capacity;
        Seat items[];
};

int seat_table_new(SeatTable **ret, uint8_t capacity) {
        *ret = NULL;
        return seat_table_reserve(ret, capacity);
}

SeatTable *seat_table_free(SeatTable *t) {
        free(t);
        return NULL;
}

int seat_table_reserve(SeatTable **t, uint8_t capacity) {
        const SeatTable *old = *t;
        SeatTable *larger;

        assert(capacity <= SEATS_MAX);
        if (old && capacity <= old->capacity)
                return 0;
        larger = line_alloc(sizeof(*larger) + capacity * sizeof(larger->items[0]));
        if (!larger)
                return -ENOMEM;
        if (old)
                memcpy(larger, old, sizeof(*old) + old->capacity * sizeof(old->items[0]));
        larger->capacity = capacity;
        free(*t);
        *t = larger;
        return 0;
}

void seat_table_fetch(const SeatTable *t, uint8_t seat) {
        __builtin_prefetch(t);
        __builtin_prefetch(&t->items[seat]);
}

void seat_table_set_n(SeatTable *t, uint8_t n) {
        assert(n <= t->capacity);
        t->n = n;
}

uint8_t seat_table_n(const SeatTable *t) {
        return t->n;
}

Seat *seat_table_at(const SeatTable *t, uint8_t seat) {
        assert(seat < t->capacity);
        return (Seat *)&t->items[seat];
}

int seat_table_find(const SeatTable *t, uint32_t validator) {
        for (uint8_t i = 0; validator != 0 && i < t->n; i++)
                if (t->items[i].validator == validator || t->items[i].spare == validator)
                        return i;
        return -ENOENT;
}

int seat_table_find_near(const SeatTable *t, uint32_t validator, uint8_t seat) {
        if (validator != 0 && seat < t->n && t->items[seat].validator == validator)
                return seat;
        return seat_table_find(t, validator);
}

uint64_t seat_table_held(const SeatTable *t) {
        uint64_t held = 0;

        for (uint8_t i = 0; i < t->n; i++)
                if (t->items[i].validator != 0)
                        held |= UINT64_C(1) << i;
        return held;
}

uint64_t seat_table_present(const SeatTable *t) {
        uint64_t present = 0;

        for (uint8_t i = 0; i < t->n; i++)
                if (t->items[i].validator != 0 && t->items[i].away_since == 0)
                        present |= UINT64_C(1) << i;
        return present;
}

usec_t seat_grace(usec_t interval) {
        return MAX(30 * USEC_PER_SEC, interval / 2);
}

uint8_t seat_changes_allowed(uint8_t n) {
        return MAX(1, verdict_faults(n));
}

usec_t seat_slot(const SeatGrid *grid, uint8_t seat, usec_t now) {
        uint8_t hash[SHA256_SIZE];
        usec_t phase;

        /* Bytes 8 and 9; the first eight spread the epochs. */
        sha256(grid->website.bytes, sizeof(grid->website.bytes), hash);
        phase = (seat * grid->interval + get_u16(hash + 8) * grid->interval / 65536) / grid->n;
        return now + grid->interval - (now + grid->interval - phase) % grid->interval;
}

static bool free_to_sit(const Candidate *c, void *userdata) {
        const SeatTable *t = userdata;

        return c->connected_since != 0 && seat_table_find(t, c->validator) < 0;
}

uint32_t seat_table_successor(const SeatTable *t, const Committee *c, uint8_t seat) {
        uint32_t staying[SEATS_MAX];
        size_t n = 0;

        for (uint8_t i = 0; i < t->n; i++)
                if (i != seat && t->items[i].validator != 0 && !t->items[i].leaving)
                        staying[n++] = t->items[i].validator;
        return committee_next(c, staying, n, free_to_sit, (void *)t);
}

bool seat_wants_change(const Seat *s, usec_t interval, usec_t now) {
        if (s->validator == 0 || s->leaving)
                return true;
        return s->away_since != 0 && now >= s->away_since + seat_grace(interval);
}

typedef struct Choice {
        const SeatTable *seats;
        usec_t interval, now;
        uint32_t chosen[SEATS_MAX];
        uint8_t n;
} Choice;

static bool choice_has(const Choice *choice, uint32_t validator) {
        for (uint8_t i = 0; i < choice->n; i++)
                if (choice->chosen[i] == validator)
                        return true;
        return false;
}

static bool is_present(const Candidate *c, void *userdata) {
        const Choice *choice = userdata;
        int seat;

        if (choice_has(choice, c->validator))
                return false;
        if (c->connected_since != 0)
                return true;
        seat = seat_table_find(choice->seats, c->validator);
        if (seat < 0)
                return false;
        return !seat_wants_change(&choice->seats->items[seat], choice->interval, choice->now);
}

void seat_table_mark_leaving(SeatTable *t, const Committee *c, usec_t interval, usec_t now) {
        Choice choice = { .seats = t, .interval = interval, .now = now };

        for (uint8_t i = 0; i < t->n; i++)
                t->items[i].leaving = false;
        while (choice.n < c->n) {
                uint32_t next = committee_next(c, choice.chosen, choice.n, is_present, &choice);

                if (next == 0)
                        break;
                choice.chosen[choice.n++] = next;
        }
        for (uint8_t i = 0; i < t->n; i++)
                t->items[i].leaving = t->items[i].validator != 0 &&
                                      !choice_has(&choice, t->items[i].validator);
}
