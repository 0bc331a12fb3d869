/* A website as the hub runs it: plain data shared by the board that owns it, the assigner and the
 * recorder. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "hub/orderbook.h"
#include "hub/rules.h"
#include "hub/site.h"
#include "store/websites.h"
#include "wire/target.h"

#define PANEL_ORDERS_MAX 8u /* members of all the panels that can stand at a time */
typedef struct WebsiteIncident {
        Uuid id; /* of the last one, open or not */
        bool open;
} WebsiteIncident;

struct Website {
        uint32_t id, organisation; /* of the database */
        Site *site;
        Uuid public_id;
        char id_text[UUID_TEXT_SIZE];
        char *url, *spec;  /* spec: exact bytes of what is checked */
        RuleSet *rule_set; /* whom it lets check it; NULL: everybody */
        CheckType type;
        Hash spec_hash;
        uint32_t interval_ms, timeout_ms;
        uint32_t parent; /* what it depends on; 0: nothing */
        uint8_t seats;   /* configured */
        uint8_t family;  /* of addresses: 0 (whichever), 4, 6 */
        bool spec_stored;
        uint8_t n_orders;
        uint64_t revision;
        /* Current orders by seat, a member's and a spare's in turn; borrowed from the order book.
         */
        WorkOrder **orders;       /* n_orders */
        WorkOrder **panel_orders; /* those of regional panels; NULL: it never had one */
        WorkOrder *all_orders;    /* also those that are over, as the order book keeps them */
        WebsiteIncident incidents[_INCIDENT_KIND_MAX];
};

/* What the row says; what is stored was written by whoever added it, and is judged again. -EINVAL
 * and others: it cannot be checked, and that was logged; w is half the old one then. -ENOMEM. */
int website_fill(Website *w, const WebsiteRow *row);
SiteConf website_conf(const Website *w, const WebsiteSettings *s, unsigned flap_begins);
/* Frees what it has; orders are only borrowed. */
void website_done(Website *w);
