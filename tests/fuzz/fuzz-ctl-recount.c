/* Any epoch and any order that a hub may tell: each is judged, and nothing is found where nothing
 * is told. */
#include "ctl/recount.h"
#include "property.h"

#define LISTED_MAX 32
#define KEY        32

/* The next bytes of the input; zeros when it has ended. */
static void take(const uint8_t **data, size_t *size, void *ret, size_t n) {
        size_t there = MIN(n, *size);

        memset(ret, 0, n);
        if (there > 0)
                memcpy(ret, *data, there);
        *data += there;
        *size -= there;
}

static void check_epoch(const RecountEpoch *e, const Recount *r) {
        for (int i = 0; i < _RECOUNT_CHECK_MAX; i++) {
                PROPERTY(r->checks[i] < _RECOUNT_FINDING_MAX);
                PROPERTY(e->secret || r->checks[i] == RECOUNT_OPEN);
        }
        PROPERTY(r->settled.terms.n <= e->asked || !e->secret);
        PROPERTY(r->settled.terms.n <= e->n_listed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        RecountListed listed[LISTED_MAX];
        RecountEpoch e = { .listed = listed };
        uint8_t head[8], secret[32];
        Hash path[RECOUNT_PATH_MAX + 1];
        RecountOrder o = { .path = path };
        RecountSeat seat;
        Recount r;

        take(&data, &size, head, sizeof(head));
        take(&data, &size, secret, sizeof(secret));
        take(&data, &size, &e.website, sizeof(e.website));
        e.secret = head[0] & 1 ? secret : NULL;
        e.n = head[1];
        e.asked = head[2];
        e.caps = (CapLevel)(head[3] % _CAPS_MAX);
        e.minima = (Minima){ head[4] % 17, head[5] % 17, head[6] % 17 };
        e.n_listed = head[7] % LISTED_MAX;
        for (size_t i = 0; i < e.n_listed; i++) {
                take(&data, &size, listed[i].key, KEY);
                take(&data, &size, listed[i].origin, sizeof(listed[i].origin));
                memset(listed[i].salt, 0, sizeof(listed[i].salt));
                listed[i].salted = !(head[0] & 2);
        }
        take(&data, &size, path, sizeof(path));
        o.sent = head[0] & 4;
        o.n_path = (head[0] >> 4) % (RECOUNT_PATH_MAX + 2);
        o.bytes = data;
        o.n = size;
        PROPERTY(recount_epoch(&e, &r) == 0);
        check_epoch(&e, &r);
        recount_order(&e, &r, &o, &seat);
        PROPERTY(seat.finding < _RECOUNT_FINDING_MAX && seat.note && *seat.note);
        PROPERTY(seat.place <= e.n_listed && (!seat.chosen || seat.place > 0));
        recount_done(&r);
        return 0;
}
