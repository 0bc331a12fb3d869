/* A work order as the database has it becomes one in memory. */
#pragma once

#include "hub/orderbook.h"
#include "store/orders.h"

typedef struct OrderRead {
        Website *website;          /* NULL: it is gone */
        usec_t restored, recalled; /* of the order */
} OrderRead;

/* Adds it to the book; *ret is borrowed, as from order_book_add(). -EBADMSG; -ENOMEM. */
int order_row_read(OrderBook *book, const OrderRow *row, const OrderRead *read, WorkOrder **ret);
