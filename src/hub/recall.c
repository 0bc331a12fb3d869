/* Each order's time is asked for once: recalled, since when its ticks are known, moves back. */
#include "hub/recall.h"

#include "hub/dispose.h"
#include "hub/order-row.h"
#include "hub/website.h"
#include "store/pages.h"

/* Orders ---------------------------------------------------------------------------------------
 */

/* Ticks of an order often follow each other. */
static bool is_among(const OrderId *ids, size_t n, const OrderId *id) {
        for (size_t i = n; i > 0; i--)
                if (order_id_equal(&ids[i - 1], id))
                        return true;
        return false;
}

static bool may_be_of_freed(const Tick *tick, usec_t now) {
        return order_book_may_have_freed(tick, now) && (usec_t)tick->start + DISPOSE_LIFE >= now;
}

size_t recall_missing(const OrderBook *book, const Batch *b, usec_t now,
                      OrderId ret[static BATCH_TICKS_MAX]) {
        size_t n = 0;

        for (uint16_t i = 0; i < b->header.count; i++) {
                const Tick *tick = &b->ticks[i];

                if (may_be_of_freed(tick, now) && !order_book_find(book, &tick->order) &&
                    !is_among(ret, n, &tick->order))
                        ret[n++] = tick->order;
        }
        return n;
}

void recall_hold(OrderBook *book, const Batch *b, usec_t now) {
        for (uint16_t i = 0; i < b->header.count; i++) {
                WorkOrder *o = order_book_find(book, &b->ticks[i].order);

                if (o)
                        work_order_use(o, now);
        }
}

/* None of its ticks started later than it covers. */
static usec_t latest_of(const OrderRow *row) {
        return row->removed + 2 * row->interval_ms * USEC_PER_MSEC;
}

static int read_order(OrderBook *book, const Board *board, const OrderRow *row, usec_t now) {
        const OrderRead read = { .website = board_find(board, row->website),
                                 .restored = now,
                                 .recalled = MIN(now, latest_of(row)) };
        WorkOrder *o = order_book_find_row(book, row->id);
        int r;

        if (o)
                return 0;
        r = order_row_read(book, row, &read, &o);
        if (r >= 0)
                work_order_use(o, now);
        return r;
}

int recall_orders(OrderBook *book, const Board *board, const LookupOrders *found, usec_t now) {
        int r = 0;

        for (size_t i = 0; i < found->n && r >= 0; i++)
                r = read_order(book, board, &found->rows[i], now);
        return r;
}

/* Ticks ----------------------------------------------------------------------------------------
 */

typedef struct Questions {
        TickQuestion *items; /* RECALL_ORDERS_MAX at most */
        size_t n;
} Questions;

/* Ticks of an order often follow each other. */
static TickQuestion *find_question(const Questions *q, uint64_t order) {
        for (size_t i = q->n; i > 0; i--)
                if (q->items[i - 1].order == order)
                        return &q->items[i - 1];
        return NULL;
}

static void put_question(Questions *q, const WorkOrder *o, usec_t since) {
        TickQuestion *known;

        if (since >= o->recalled)
                return;
        known = find_question(q, o->row);
        if (known)
                known->from = MIN(known->from, since);
        else if (q->n < RECALL_ORDERS_MAX)
                q->items[q->n++] = (TickQuestion){ o->row, since, o->recalled };
}

static usec_t spans_of(const TickQuestion *q) {
        return q->to / PAGE_SPAN - q->from / PAGE_SPAN + 1;
}

/* What its website's committee writes in the time of a page: about, as there were others. */
static usec_t ticks_of_span(const WorkOrder *o) {
        usec_t seats = MAX(o->order.n, o->website->seats); /* n of a panel is the panel's */

        return page_span_ticks(seats, o->order.interval_ms * USEC_PER_MSEC);
}

/* How many of them may be asked at once: the last may be cut, to its newest two spans or more, of
 * which the newest may be known to its beginning. */
static size_t limit(Questions *q, const OrderBook *book) {
        usec_t left = RECALL_TICKS_MAX;

        for (size_t i = 0; i < q->n; i++) {
                TickQuestion *question = &q->items[i];
                usec_t each = ticks_of_span(order_book_find_row(book, question->order));
                usec_t most = MAX(left / each, (usec_t)(i == 0 ? 2 : 0));

                if (most < 2)
                        return i;
                if (spans_of(question) > most) {
                        question->from = (question->to / PAGE_SPAN - most + 1) * PAGE_SPAN;
                        return i + 1;
                }
                left -= MIN(left, spans_of(question) * each);
        }
        return q->n;
}

/* Nothing is of a website that is gone. */
static bool may_be_stored(const WorkOrder *o, uint32_t validator, const Tick *tick, usec_t now) {
        return dispose_refusal(o, validator, tick, now) == DISPOSITION_ACCEPTED && o->website;
}

size_t recall_ask(const OrderBook *book, uint32_t validator, const Batch *b, usec_t now,
                  TickQuestion ret[static RECALL_ORDERS_MAX]) {
        Questions q = { .items = ret };

        for (uint16_t i = 0; i < b->header.count; i++) {
                const Tick *tick = &b->ticks[i];
                const WorkOrder *o;

                if (!order_book_may_ask(book, tick))
                        continue;
                o = order_book_find(book, &tick->order);
                if (may_be_stored(o, validator, tick, now))
                        put_question(&q, o, work_order_needs(o, tick));
        }
        return limit(&q, book);
}

int recall_learn(OrderBook *book, const LookupTicks *found) {
        int r = dispose_mark_stored(book, found->rows, found->n);

        if (r < 0)
                return r;
        for (size_t i = 0; i < found->n_questions; i++) {
                const TickQuestion *q = &found->questions[i];
                WorkOrder *o = order_book_find_row(book, q->order);

                if (o)
                        o->recalled = MIN(o->recalled, q->from);
        }
        return 0;
}
