/* Found in pages as they are: each tick of them as a row, by the view, would take PostgreSQL many
 * times as much. */
#include "store/identities.h"

#include <errno.h>

#include "store/column.h"
#include "store/pages.h"
#include "store/read.h"

/* A row says what is wanted of its page: since when, of which order and of which validator, 0 is
 * any.
 */
static const PqStatement tick_page_identities = {
        .name = "tick_page_identities",
        .sql = "SELECT p.span, p.ticks, o.since, o.id, $1::integer"
               " FROM (SELECT id, (SELECT website_id FROM work_order WHERE id = q.id),"
               "     since, until"
               "   FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[])"
               "     AS q (id, since, until)) AS o (id, website_id, since, until)"
               " CROSS JOIN LATERAL generate_series(tick_span(o.since), tick_span(o.until),"
               "   interval '5 minutes') AS s (span)"
               " CROSS JOIN LATERAL (SELECT span, ticks FROM tick_page"
               "   WHERE span = s.span AND website_id = o.website_id"
               "     AND span >= tick_span($5) AND span <= tick_span($6) OFFSET 0) AS p",
        .n_params = 6,
        .binary = true,
};

static const PqStatement tick_page_identities_all = {
        .name = "tick_page_identities_all",
        .sql = "SELECT p.span, p.ticks, $1::timestamptz, 0, 0"
               " FROM generate_series(tick_span($1), tick_span($2), interval '5 minutes')"
               "   AS s (span)"
               " CROSS JOIN LATERAL (SELECT span, ticks FROM tick_page WHERE span = s.span"
               "   AND span >= tick_span($1) AND span <= tick_span($2) OFFSET 0) AS p",
        .n_params = 2,
        .binary = true,
};

const PqStatement *const identities_statements[] = {
        &tick_page_identities,
        &tick_page_identities_all,
        NULL,
};

/* What a row asks of the ticks of its page. */
typedef struct Wanted {
        usec_t since;
        uint64_t order;     /* 0: any */
        uint32_t validator; /* 0: any */
} Wanted;

static bool is_wanted(const Wanted *w, const PageTick *tick, usec_t start) {
        return start >= w->since && (w->order == 0 || tick->order == w->order) &&
               (w->validator == 0 || tick->validator == w->validator);
}

static size_t take_page(const PqResult *result, size_t row, TickIdentity *to) {
        const Wanted wanted = { pq_raw_time(result, row, 2), (uint64_t)pq_raw_int(result, row, 3),
                                (uint32_t)pq_raw_int(result, row, 4) };
        usec_t span = pq_raw_time(result, row, 0);
        const uint8_t *ticks;
        int n_ticks = page_find_ticks(result, row, 1, &ticks);
        size_t n = 0;

        for (int i = 0; i < n_ticks; i++) {
                const PageTick tick = page_decode(ticks + (size_t)i * PAGE_TICK_SIZE);

                if (is_wanted(&wanted, &tick, span + tick.started))
                        to[n++] = (TickIdentity){ .order = tick.order,
                                                  .number = tick.number,
                                                  .scheduled = tick.kind == TICK_SCHEDULED };
        }
        return n;
}

/* How many ticks are on all pages, or -EBADMSG. */
static int64_t count_ticks(const PqResult *result) {
        const uint8_t *ticks;
        int64_t n = 0;
        int r;

        for (size_t i = 0; i < pq_rows(result); i++) {
                r = page_find_ticks(result, i, 1, &ticks);
                if (r < 0)
                        return r;
                n += r;
        }
        return n;
}

static int take_pages(const PqResult *result, TickIdentity **ret, size_t *ret_n) {
        int64_t most = count_ticks(result);

        if (most < 0)
                return (int)most;
        *ret = calloc((size_t)most + 1, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        for (size_t i = 0; i < pq_rows(result); i++)
                *ret_n += take_page(result, i, *ret + *ret_n);
        return 0;
}

static void finish_identities(const StoreCall *c, int r, const PqResult *last,
                              const char *error _unused_) {
        _cleanup_free_ TickIdentity *rows = NULL;
        size_t n = 0;

        if (r == 0)
                r = take_pages(last, &rows, &n);
        ((TickIdentities)c->callback)(r, rows, n, c->userdata);
}

static int ask(Store *s, PqTransaction *t, const StoreAnswer *answer) {
        const StoreCall c = { .finish = finish_identities,
                              .callback = answer->callback,
                              .userdata = answer->userdata };

        return store_call(s, t, &c, answer->ret);
}

int tick_identities_load(Store *s, const TickQuestions *q, TickIdentities callback, void *userdata,
                         StoreCall **ret) {
        PqTransaction *t = store_begin(&tick_page_identities);
        usec_t from = USEC_INFINITY, to = 0;

        if (!t)
                return -ENOMEM;
        for (size_t i = 0; i < q->n; i++) {
                from = MIN(from, q->questions[i].from);
                to = MAX(to, q->questions[i].to);
        }
        pq_int(t, q->validator);
        STORE_COLUMN(t, q->n, PQ_INT8, pq_int(t, (int64_t)q->questions[i].order));
        STORE_COLUMN(t, q->n, PQ_TIMESTAMPTZ, pq_time(t, q->questions[i].from));
        STORE_COLUMN(t, q->n, PQ_TIMESTAMPTZ, pq_time(t, q->questions[i].to));
        pq_time(t, from);
        pq_time(t, to);
        return ask(s, t, STORE_ANSWER(callback, userdata, ret));
}

int tick_identities_load_all(Store *s, const TickQuestion *q, TickIdentities callback,
                             void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&tick_page_identities_all);

        if (!t)
                return -ENOMEM;
        pq_time(t, q->from);
        pq_time(t, q->to);
        return ask(s, t, STORE_ANSWER(callback, userdata, ret));
}
