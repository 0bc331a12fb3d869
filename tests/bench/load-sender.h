/* What one validator has to say and has said: plans slots ahead, sends what is due as the window
 * allows, and forgets by verified receipts only. The connection is the peer's. */
#pragma once

#include "load-args.h"
#include "load-journal.h"
#include "load-socket.h"
#include "load-stats.h"
#include "load-stream.h"
#include "load-work.h"

#define LOAD_HISTORY_MAX 8u
#define LOAD_STREAMS_MAX (LOAD_HISTORY_MAX + 2)
#define LOAD_PACE_MAX    1024u

/* What the validators of this process have in common. */
typedef struct LoadWorld {
        uv_loop_t *loop;
        const LoadArgs *args;
        LoadStats stats;
        LoadJournal *journal; /* NULL: none */
        usec_t started;       /* boot time */
        size_t queue_max;     /* bytes of batches a validator keeps */
        unsigned greeting;    /* handshakes under way */
        bool stopping;        /* nothing new is planned */
} LoadWorld;

/* Embedded in its peer, which sets socket, hub, scope.network, window and offset. */
typedef struct LoadSender {
        LoadWorld *world; /* borrowed */
        unsigned index;   /* of this validator */
        SignKey *key;
        SignScope scope;
        PublicKey hub;
        LoadSocket *socket; /* borrowed; NULL: nothing can be sent */
        int64_t offset;     /* hub time - boot time */
        FrameWindow window;
        usec_t pause_until;
        size_t pace; /* no more than so many of a stream, whatever the window; as in a validator */
        LoadWork *work;
        usec_t changed; /* when orders did, boot time */
        usec_t horizon; /* hub time up to which is planned; 0: nothing */
        Tick answers[64];
        size_t n_answers;   /* that are not signed yet */
        usec_t answers_due; /* boot time */
        LoadStream *planned, *prompt, *history;
} LoadSender;

/* Takes the key. */
int load_sender_init(LoadSender *s, LoadWorld *world, unsigned index, SignKey *key);
void load_sender_done(LoadSender *s);

/* Something the hub must not have said. */
void load_sender_wrong(LoadSender *s, const char *what, int r);
usec_t load_sender_hub_time(const LoadSender *s, usec_t now);

void load_sender_plan(LoadSender *s, usec_t now);
/* What was signed for later is void: orders or the hub's clock have changed, or it is the end. */
void load_sender_plan_anew(LoadSender *s, usec_t now, bool clock_moved);
/* Sends what is due. */
void load_sender_pump(LoadSender *s, usec_t now);
/* The answer to a probe; it goes with others of the same moment. */
void load_sender_answer(LoadSender *s, const Tick *tick, usec_t now);

/* The streams a join has to name. Their number. */
size_t load_sender_streams(const LoadSender *s, FrameStream ret[static LOAD_STREAMS_MAX]);
/* A new connection: nothing is under way, and what waited for long becomes history. */
void load_sender_connected(LoadSender *s, usec_t now);
LoadStream *load_sender_find(LoadSender *s, uint64_t incarnation);
/* f: the ack that brought the receipt; NULL: it is a position. 0; negative: it does not hold. */
int load_sender_acknowledge(LoadSender *s, const JsonBytes *receipt, const FrameAck *f, usec_t now);
void load_sender_expect(LoadSender *s, const FrameNotice *n, usec_t now);
void load_sender_fork(LoadSender *s, const FrameNotice *n, usec_t now);
/* Whether something that went out or should have waits for its receipt. */
bool load_sender_waits(const LoadSender *s, usec_t now);
