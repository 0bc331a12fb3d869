/* Seats and probes as signed work: makes orders, tells validators after the commit, and numbers
 * probes. */
#pragma once

#include "base/macro.h"
#include "hub/orderbook.h"
#include "hub/registry.h"
#include "hub/website.h"
#include "hub/writer.h"
#include "wire/frame.h"

typedef struct Assigner Assigner;

typedef struct AssignerOptions {
        const SignKey *key; /* borrowed, as all here */
        const PublicKey *network;
        const HubClock *clock;
        Writer *writer;
        Registry *registry;
        OrderBook *book;
        /* frame is borrowed for the call; the validator is connected and approved. */
        void (*send)(Validator *v, const Frame *frame, void *userdata);
        /* It reads what it is sent: no more than a few frames wait in its connection. */
        bool (*has_room)(const Validator *v, void *userdata);
        /* It does not, for long, or there is no memory for what it is to be told. */
        void (*drop)(Validator *v, void *userdata);
        void *userdata;
} AssignerOptions;

#define ASSIGN_STUCK_MAX (60 * USEC_PER_SEC) /* no frame of a backlog is taken for so long */

int assigner_new(Assigner **ret, const AssignerOptions *options);
Assigner *assigner_free(Assigner *a);
DEFINE_FREEP(Assigner, assigner_free);

/* What the database knows: o is the current order of this seat. 0, -ENOMEM; -ENOSPC: a panel's, and
 * there are as many as there can be. */
int assign_put(Website *w, SeatType type, WorkOrder *o, uint8_t seat);
/* Replaces the seat's former order of this type. */
void assign_seat(Assigner *a, Website *w, const SiteSeat *s);
void assign_remove(Assigner *a, Website *w, const SiteSeat *s);
/* Sent at once, or after the commit of its order. */
void assign_probe(Assigner *a, Website *w, const SiteProbe *p);
/* The website is gone or changed: all its orders end. */
void assign_remove_all(Assigner *a, Website *w);

/* Everything up to this number is durable: tells validators. */
void assign_committed(Assigner *a, uint64_t commit_no);
/* A validator has joined: all its orders, from nothing; as fast as it reads. */
void assign_welcome(Assigner *a, Validator *v);
/* What waited in its connection is gone: more may go. */
void assign_drained(Assigner *a, Validator *v);
/* Its connection has ended. */
void assign_gone(Assigner *a, const Validator *v);
/* Every few seconds: drops who does not read. */
void assign_beat(Assigner *a);
/* Forgets orders as order_book_expire() does, but none of which anybody is still to be told. */
void assign_expire(Assigner *a, usec_t now);
