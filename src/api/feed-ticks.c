/* Batches come with what the hub made of each of their ticks: what is accepted, or late, it stored.
 * Values are those of the rows it made of them. */
#include "api/feed-ticks.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "base/time.h"
#include "wire/batch.h"
#include "wire/receipt.h"

/* Who sent a batch. */
typedef struct Witness {
        char *validator, *region;
} Witness;

typedef struct Shown {
        uint64_t commit_no;
        usec_t start;
        size_t place; /* among all: ticks that began at once stay as they came */
        OrderId order;
        size_t witness;
        uint64_t total; /* µs */
        bool up, known;
        FeedSite site; /* if known */
} Shown;

struct FeedTicks {
        Shown *ticks;
        Witness *witnesses;
        size_t n_ticks, n_witnesses;
        size_t ticks_max, witnesses_max;
};

int feed_ticks_new(FeedTicks **ret) {
        FeedTicks *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        *ret = t;
        return 0;
}

FeedTicks *feed_ticks_free(FeedTicks *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_witnesses; i++) {
                free(t->witnesses[i].validator);
                free(t->witnesses[i].region);
        }
        free(t->witnesses);
        free(t->ticks);
        free(t);
        return NULL;
}

/* Taking batches apart --------------------------------------------------------------------------
 */

static int put_witness(FeedTicks *t, const FeedBatch *batch) {
        _cleanup_free_ char *validator = strdup(batch->validator), *region = strdup(batch->region);

        if (!validator || !region)
                return -ENOMEM;
        if (array_reserve(&t->witnesses, &t->witnesses_max, t->n_witnesses + 1,
                          sizeof(*t->witnesses)) < 0)
                return -ENOMEM;
        t->witnesses[t->n_witnesses++] = (Witness){ TAKE_PTR(validator), TAKE_PTR(region) };
        return 0;
}

/* A column of a row has 31 bits. */
static uint64_t total_of(const TickPhases *p) {
        const uint32_t phases[] = { p->dns, p->connect, p->tls, p->wait, p->transfer };
        uint64_t total = 0;

        for (size_t i = 0; i < ELEMENTSOF(phases); i++)
                total += MIN(phases[i], (uint32_t)INT32_MAX);
        return total;
}

static bool is_shown(const Tick *tick, uint8_t code) {
        return (code == DISPOSITION_ACCEPTED || code == DISPOSITION_LATE) &&
               tick->outcome != TICK_ABSTAIN;
}

static void put_tick(FeedTicks *t, const FeedBatch *batch, const Tick *tick) {
        t->ticks[t->n_ticks] = (Shown){
                .commit_no = batch->commit_no,
                .start = (usec_t)tick->start,
                .place = t->n_ticks,
                .order = tick->order,
                .witness = t->n_witnesses - 1,
                .total = total_of(&tick->phases),
                .up = tick->outcome == TICK_UP,
        };
        t->n_ticks++;
}

int feed_ticks_put(FeedTicks *t, const FeedBatch *batch) {
        _cleanup_(batch_freep) Batch *b = NULL;
        int r;

        r = batch_parse(batch->frame, batch->n_frame, &b);
        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        if (b->header.count != batch->count || b->header.count != batch->n_codes)
                return -EBADMSG;

        r = array_reserve(&t->ticks, &t->ticks_max, t->n_ticks + b->header.count,
                          sizeof(*t->ticks));
        if (r < 0)
                return r;

        r = put_witness(t, batch);
        if (r < 0)
                return r;

        for (size_t i = 0; i < b->header.count; i++)
                if (is_shown(&b->ticks[i], batch->codes[i]))
                        put_tick(t, batch, &b->ticks[i]);
        return 0;
}

/* Whose they are --------------------------------------------------------------------------------
 */

void feed_ticks_know(FeedTicks *t, const FeedSites *sites) {
        const FeedSite *site;

        for (size_t i = 0; i < t->n_ticks; i++) {
                if (t->ticks[i].known)
                        continue;
                site = feed_sites_find(sites, &t->ticks[i].order);
                if (!site)
                        continue;
                t->ticks[i].known = true;
                t->ticks[i].site = *site;
        }
}

static int compare_ids(const void *a, const void *b) {
        return memcmp(a, b, sizeof(OrderId));
}

/* Of a sorted list; how many are left. */
static size_t drop_repeated(OrderId *ids, size_t n) {
        size_t kept = 0;

        for (size_t i = 0; i < n; i++)
                if (kept == 0 || compare_ids(&ids[kept - 1], &ids[i]) != 0)
                        ids[kept++] = ids[i];
        return kept;
}

int feed_ticks_unknown(const FeedTicks *t, OrderId **ret, size_t *ret_n) {
        OrderId *ids;
        size_t n = 0;

        for (size_t i = 0; i < t->n_ticks; i++)
                n += !t->ticks[i].known;
        *ret = NULL;
        *ret_n = 0;
        if (n == 0)
                return 0;
        ids = malloc(n * sizeof(*ids));
        if (!ids)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < t->n_ticks; i++)
                if (!t->ticks[i].known)
                        ids[n++] = t->ticks[i].order;
        qsort(ids, n, sizeof(*ids), compare_ids);
        *ret = ids;
        *ret_n = drop_repeated(ids, n);
        return 0;
}

/* Telling ---------------------------------------------------------------------------------------
 */

static int compare_ticks(const void *a, const void *b) {
        const Shown *x = a, *y = b;

        if (x->commit_no != y->commit_no)
                return x->commit_no < y->commit_no ? -1 : 1;
        if (x->start != y->start)
                return x->start < y->start ? -1 : 1;
        return x->place < y->place ? -1 : x->place > y->place;
}

/* Only an answer has a latency, in ms. */
static int write_tick(const Shown *s, const Witness *w, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char id[UUID_TEXT_SIZE], time[TIME_FORMAT_SIZE];
        int r;

        r = json_writer_new(&json);
        if (r < 0)
                return r;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "websiteId", uuid_format(&s->site.website, id));
        json_writer_string(json, "createdAt", time_format(s->start, time));
        json_writer_string(json, "status", s->up ? "Good" : "Bad");
        if (s->up)
                json_writer_real(json, "latency", (double)s->total / (double)USEC_PER_MSEC);
        else
                json_writer_raw(json, "latency", "null");
        json_writer_string(json, "validatorId", w->validator);
        json_writer_string(json, "region", *w->region ? w->region : NULL);
        json_writer_close(json);
        return json_writer_take(json, ret);
}

static int tell(const FeedTicks *t, const Shown *s, FeedPage *page) {
        _cleanup_free_ char *json = NULL;
        int r;

        r = write_tick(s, &t->witnesses[s->witness], &json);
        if (r < 0)
                return r;

        return feed_page_put_tick(page, &(FeedTick){ s->site.organisation, s->commit_no, json });
}

int feed_ticks_tell(FeedTicks *t, FeedPage *page) {
        int r = 0;

        if (t->n_ticks > 0)
                qsort(t->ticks, t->n_ticks, sizeof(*t->ticks), compare_ticks);
        for (size_t i = 0; r >= 0 && i < t->n_ticks; i++)
                if (t->ticks[i].known)
                        r = tell(t, &t->ticks[i], page);
        return r;
}
