/* Methods of D-Bus that wait for the database: who may, who asks, then the deed, whose answer comes
 * later. Shared by the programs that have a store; no SQL here. */
#pragma once

#include "base/id.h"
#include "base/time.h"
#include "event/bus.h"
#include "store/store.h"

#define BUS_CALL_PAGE_MAX 500

typedef struct BusCalls BusCalls; /* all open ones of a program */
typedef struct BusCall BusCall;

/* Starts with the message's arguments unread. Answers by bus_call_reply() or bus_call_fail(), now
 * or in a callback of the store, whose first line is bus_call_resume(). */
typedef void (*BusCallAct)(BusCall *c, void *userdata);

typedef struct BusDeed {
        const char *member; /* of the interface; NULL ends a table */
        const char *action; /* of polkit; NULL: everyone may */
        BusCallAct act;
} BusDeed;

/* bus and deeds are borrowed; userdata is what act() gets. */
int bus_calls_new(BusCalls **ret, Bus *bus, const BusDeed *deeds, void *userdata);
/* Before the bus and the store go; open calls end without an answer. */
BusCalls *bus_calls_free(BusCalls *calls);
DEFINE_FREEP(BusCalls, bus_calls_free);
/* The handler of every method of the vtable. */
int bus_calls_method(BusCalls *calls, sd_bus_message *m);

/* What a call keeps while it waits. */
typedef struct BusCallNote {
        uint32_t limit; /* of a page */
        Uuid after;
        char id[UUID_TEXT_SIZE]; /* of what is being made */
        char secret[64];         /* wiped with the call */
        uint32_t organisation;
        char *text; /* freed with the call */
} BusCallNote;

sd_bus_message *bus_call_message(BusCall *c);
void *bus_call_userdata(BusCall *c);
BusCallNote *bus_call_note(BusCall *c);
/* "uid 0"; of guarded deeds, else "". */
const char *bus_call_actor(const BusCall *c);
/* For the last argument of the store's functions. */
StoreCall **bus_call_handle(BusCall *c);
/* The call waits for something else than the store, which cancel() ends when the call ends first;
 * NULL: it has come. */
void bus_call_wait(BusCall *c, void *handle, void (*cancel)(void *handle));
/* The store has called back: its handle is no more. Returns userdata as what it is. */
BusCall *bus_call_resume(void *userdata);

/* Reads the arguments of a list: the cursor (an id, "" from the start) and the limit; before them
 * the state that is wanted, unless state is NULL (then *state is NULL for ""). The page asks for
 * one row more than wanted: by that one it is known that there is a next page. false: the call has
 * been answered. */
bool bus_call_read_page(BusCall *c, const char **state, StorePage *ret);
/* The same for a cursor that is no id: *after as it came. The limit goes into the note. */
bool bus_call_read_cursor(BusCall *c, const char **state, const char **after);
/* false: not read as these types, and answered. */
bool bus_call_read(BusCall *c, const char *types, ...);
/* A UUID as the only argument, also kept as text in the note; what: "A website's id". false: the
 * call has been answered. */
bool bus_call_read_id(BusCall *c, const char *what, Uuid *ret);
/* An empty answer to be filled; NULL: out of memory, and answered. */
sd_bus_message *bus_call_answer(BusCall *c);
/* An answer whose array of rows is open. r: of the store. NULL: answered. */
sd_bus_message *bus_call_open_page(BusCall *c, int r, const char *row);
/* Ends the call: r of the last row; next: the cursor of the next page, "" if there is none. */
void bus_call_close_page(BusCall *c, sd_bus_message *answer, int r, const char *next);
/* Both end the call. r of sd_bus_message_append(): negative fails. Takes the answer. */
void bus_call_reply(BusCall *c, sd_bus_message *answer, int r);
/* With an answer that says nothing. */
void bus_call_reply_done(BusCall *c);

/* A time as interfaces have it: seconds since 1970, 0 for USEC_INFINITY. */
static inline uint64_t bus_seconds(usec_t t) {
        return t == USEC_INFINITY ? 0 : t / USEC_PER_SEC;
}

/* Rows the store has read, to be answered as an array of one type. */
typedef struct BusRows {
        const char *type; /* of a row: "(ss)" */
        const void *rows;
        size_t n, size; /* how many, and of one */
        size_t id;      /* offset of its Uuid, by which the next page begins */
        int (*append)(sd_bus_message *answer, const void *row);
} BusRows;

/* The page of them that bus_call_read_page() asked for; r of the store. */
void bus_call_reply_page(BusCall *c, int r, const BusRows *rows);
/* r as of the store: becomes org.dpin.Error.NotFound, Exists, Conflict, Invalid, Unavailable or
 * Failed; text is for people, or NULL. */
void bus_call_fail(BusCall *c, int r, const char *text);
/* Of a call that had the settings read again; r and error: how that went. */
void bus_call_reply_reloaded(BusCall *c, int r, const char *error);
