/* Alerts on their way: what is due, how tries ended, and what people see of both. Rows come from
 * triggers of the incident, in its own transaction. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct AlertDueRow {
        uint64_t row;
        Uuid id, channel;
        const char *kind, *payload; /* "incident.opened", "digest"; facts, a JSON object */
        const char *channel_kind, *channel_name, *settings;
        const uint8_t *secret, *former; /* sealed, or NULL; the one before it, while it is good */
        size_t secret_n, former_n;
        bool former_good;         /* that is so, wherever it is sealed */
        const char *served;       /* {"to": [...]}: those of a mail who have it */
        unsigned tries, failures; /* so far; of the channel in a row */
        usec_t age;               /* since it was taken */
} AlertDueRow;

typedef void (*AlertDueRows)(int r, const AlertDueRow *rows, size_t n, void *userdata);

typedef struct AlertDue {
        usec_t now;          /* hub time, as `next` below */
        bool remind;         /* looks for what is to be told again, too */
        const uint64_t *but; /* those under way */
        size_t but_n;
        unsigned most;         /* of channels that work */
        unsigned most_failing; /* of those whose last try failed: they must not take all */
        unsigned most_channel; /* of each; of a failing one a single alert */
} AlertDue;

/* Takes what waits and is to be told by the rules of its channel, and reads what is due: of each
 * channel the longest due first. */
int alerts_due(Store *s, const AlertDue *due, AlertDueRows callback, void *userdata,
               StoreCall **ret);

/* "pending", "delivered", "failed", "dropped"; "grouped": something else told it, too. */
bool alert_is_state(const char *name);

typedef enum AlertState {
        ALERT_PENDING, /* is tried again */
        ALERT_DELIVERED,
        ALERT_FAILED, /* given up */
} AlertState;

typedef struct AlertEnd {
        uint64_t row;
        AlertState state;
        usec_t next; /* of a pending one */
        usec_t took;
        unsigned status;    /* of the answer; 0: there was none */
        const char *error;  /* "" when delivered to all */
        const char *served; /* a JSON array of those of a mail who have it now; NULL: nobody new */
        bool disable;       /* the receiver wants no more, for ever */
} AlertEnd;

/* Says nothing of what is not pending any more. */
int alert_settle(Store *s, const AlertEnd *end, StoreDone done, void *userdata, StoreCall **ret);
/* Forgets what is over for `days`; drops what waits for a channel that is removed or disabled. */
int alerts_prune(Store *s, unsigned days, StoreDone done, void *userdata, StoreCall **ret);

typedef struct AlertLogRow {
        Uuid id;
        const char *channel, *kind, *url, *state, *error;
        unsigned tries;
        usec_t created, next, done; /* USEC_INFINITY: none */
} AlertLogRow;

typedef void (*AlertLogRows)(int r, const AlertLogRow *rows, size_t n, void *userdata);

typedef struct AlertLogPage {
        const char *state; /* "pending", ...; NULL: any */
        const char *after; /* the cursor of the page before; "": from the newest */
        unsigned limit;
} AlertLogPage;

/* Newest first; the cursor is the id of the last row. -EINVAL: no cursor. */
int alert_log_page(Store *s, const AlertLogPage *page, AlertLogRows callback, void *userdata,
                   StoreCall **ret);

typedef struct AlertDeed {
        uint32_t organisation; /* 0: whichever (the hub's admin) */
        Uuid id;               /* of a channel to be tested; of an alert */
        Uuid test;             /* the id of the alert that a test makes */
        const char *actor;
} AlertDeed;

/* Puts an alert of kind "test" into a channel's outbox. -ENOENT: this organisation has no such
 * channel. -EDOM: it is disabled, or has enough of them; the text says so, in a sentence. */
int alert_test(Store *s, const AlertDeed *deed, StoreDone done, void *userdata, StoreCall **ret);
/* To be delivered once more, under the same id, whatever became of it. -ENOENT: there is no such
 * alert, or its channel is removed. -EDOM: that is disabled; the text says so. */
int alert_replay(Store *s, const AlertDeed *deed, StoreDone done, void *userdata, StoreCall **ret);

extern const PqStatement *const alert_outbox_statements[];
