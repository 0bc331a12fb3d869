/* Which of the probe numbers reserved were issued nobody knows: all may have been. */
#include "hub/order-row.h"

#include <errno.h>
#include <string.h>

#include "hub/website.h"

int order_row_read(OrderBook *book, const OrderRow *row, const OrderRead *read, WorkOrder **ret) {
        OrderTerms terms;
        Order order;
        WorkOrder o = {
                .row = row->id,
                .validator = row->validator,
                .website = read->website,
                .kin = read->website ? &read->website->all_orders : NULL,
                .removed = row->removed == USEC_INFINITY ? 0 : row->removed,
                .sent = row->sent,
                .probe_last = (uint32_t)row->probes,
                .probe_stored = (uint32_t)row->probes,
                .probe_reserved = (uint32_t)row->probes,
                .probe_restored = (uint32_t)row->probes,
                .restored = read->restored,
                .recalled = read->recalled,
        };

        if (row->n_bytes != WORK_ORDER_SIZE || order_decode(row->bytes, row->n_bytes, &order) < 0)
                return -EBADMSG;
        o.order = order_keep(&order, &terms);
        memcpy(o.id.bytes, row->public_id, sizeof(o.id.bytes));
        *ret = order_book_add(book, &o);
        return *ret ? 0 : -ENOMEM;
}
