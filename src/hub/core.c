/* Wiring of the deciding modules, in the order a tick meets them. */
#include "hub/core.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/pace.h"
#include "hub/deeds.h"
#include "hub/loader.h"
#include "hub/pulse.h"
#include "hub/recover.h"
#include "store/hub-state.h"
#include "store/streams.h"
#include "store/validators.h"

#define CLOCK_PATIENCE   USEC_PER_SEC  /* what two clocks may differ by without a word */
#define EXPIRE_BEATS     12u           /* it walks through all orders */
#define CONNECTION_QUEUE (256u * 1024) /* bytes beyond which no more work is told */

/* How often a validator gets all of its orders because it asks. */
static const PaceRule orders_rule = { .burst = 1, .interval = 10 * USEC_PER_SEC };

static const FrameWindow window = { .live = 32, .history = 8 };

struct Core {
        uv_loop_t *loop;
        CoreOptions options;
        StoreCall *call;
        Recover *recover;
        Loader *loader;
        Registry *registry;
        OrderBook *book;
        Writer *writer;
        Acks *acks;
        Assigner *assigner;
        Board *board;
        Ingest *ingest;
        Admission *admission;
        Deeds *deeds;
        Pulse *pulse;
        unsigned beats;
        usec_t heartbeat; /* of the hub before this one; 0: there was none */
        uint64_t found;   /* number of the commit with what it found */
        CalendarDue calendar;
        bool ready, failed, again; /* again: something changed while it was being read */
};

static void fail(Core *c, int r, const char *what) {
        char reason[256];

        if (c->failed)
                return;
        c->failed = true;
        c->ready = false;
        snprintf(reason, sizeof(reason), "%s: %s", what, strerror(-r));
        c->options.failed(reason, c->options.userdata);
}

/* Callbacks between modules -------------------------------------------------------------------- */

static void on_send(Validator *v, const Frame *frame, void *userdata _unused_) {
        if (v->session)
                session_send(v->session, frame);
}

static bool on_room_asked(const Validator *v, void *userdata _unused_) {
        return v->session && session_queued(v->session) < CONNECTION_QUEUE;
}

static void on_drop(Validator *v, void *userdata _unused_) {
        if (v->session)
                session_drop_slow(v->session);
}

static void on_committed(uint64_t commit_no, usec_t time, void *userdata) {
        Core *c = userdata;

        acks_committed(c->acks, commit_no, time);
        assign_committed(c->assigner, commit_no);
        news_committed(c->options.news, commit_no, hub_clock_now(c->options.clock));
        if (c->pulse)
                pulse_go_on(c->pulse);
}

static void on_failed(int r, const char *error, void *userdata) {
        Core *c = userdata;

        log_event(LOG_ERR, DPIN_MSG_COMMIT_FAILED, "a commit failed: the state is read again",
                  "DPIN_ERROR=%s", error ? error : strerror(-r));
        fail(c, r, "commit");
}

static void on_deeds_failed(int r, void *userdata) {
        fail(userdata, r, "reading what people did");
}

static void on_pulse_failed(int r, void *userdata) {
        fail(userdata, r, "reading heartbeats");
}

static void on_heartbeat(const HeartbeatRow *row, void *userdata) {
        board_heartbeat(((Core *)userdata)->board, row);
}

static Recorder recorder_of(const Core *c) {
        return (Recorder){ .writer = c->writer,
                           .registry = c->registry,
                           .clock = c->options.clock,
                           .news = c->options.news };
}

static void on_joined(Validator *v, bool again, void *userdata) {
        Core *c = userdata;
        const Recorder recorder = recorder_of(c);

        if (v->standing != STANDING_APPROVED) { /* strangers are logged by who let them wait */
                record_stranger(&recorder, v, session_source(v->session));
                return;
        }
        log_event(LOG_INFO, DPIN_MSG_VALIDATOR_CONNECTED, "validator connected",
                  "DPIN_VALIDATOR=%s\nDPIN_SOURCE=%s", v->key_text, session_source(v->session));
        v->orders_due = false;
        assign_welcome(c->assigner, v); /* before any probe of what it is to check */
        if (!again)
                record_validator(&recorder, v, true);
        board_connected(c->board, v->id);
}

/* Building ------------------------------------------------------------------------------------- */

static int make_outputs(Core *c, const HubStateRow *state) {
        int r;

        r = registry_new(&c->registry);
        if (r < 0)
                return r;

        r = order_book_new(&c->book, state->order_max);
        if (r < 0)
                return r;

        r = writer_new(&c->writer, c->loop,
                       &(WriterOptions){
                                       .store = c->options.store,
                                       .clock = c->options.clock,
                                       .commit_no = state->commit_no,
                                       .ops = { .committed = on_committed,
                                                .failed = on_failed,
                                                .userdata = c },
                       });
        if (r < 0)
                return r;

        r = acks_new(&c->acks, &(AckOptions){
                                               .key = c->options.key,
                                               .network = c->options.network,
                                               .registry = c->registry,
                                               .window = window,
                                               .send = on_send,
                               });
        if (r < 0)
                return r;

        return assigner_new(&c->assigner, &(AssignerOptions){
                                                          .key = c->options.key,
                                                          .network = c->options.network,
                                                          .clock = c->options.clock,
                                                          .writer = c->writer,
                                                          .registry = c->registry,
                                                          .book = c->book,
                                                          .send = on_send,
                                                          .has_room = on_room_asked,
                                                          .drop = on_drop,
                                          });
}

static int make_inputs(Core *c, const HubStateRow *state) {
        int r;

        r = board_new(&c->board, c->loop,
                      &(BoardOptions){
                                      .clock = c->options.clock,
                                      .hub_secret = c->options.hub_secret,
                                      .flap_begins = c->options.flap_begins,
                                      .registry = c->registry,
                                      .book = c->book,
                                      .assigner = c->assigner,
                                      .recorder = recorder_of(c),
                      });
        if (r < 0)
                return r;

        r = ingest_new(&c->ingest, &(IngestOptions){
                                                   .store = c->options.store,
                                                   .network = c->options.network,
                                                   .clock = c->options.clock,
                                                   .writer = c->writer,
                                                   .book = c->book,
                                                   .board = c->board,
                                                   .acks = c->acks,
                                                   .registry = c->registry,
                                                   .batch_max = state->batch_max,
                                                   .send = on_send,
                                   });
        if (r < 0)
                return r;

        r = deeds_new(&c->deeds, &(DeedsOptions){
                                                 .store = c->options.store,
                                                 .writer = c->writer,
                                                 .news = c->options.news,
                                                 .told = state->deeds,
                                                 .failed = on_deeds_failed,
                                                 .userdata = c,
                                 });
        if (r < 0)
                return r;

        return admission_new(&c->admission, &(AdmissionOptions){
                                                            .store = c->options.store,
                                                            .key = c->options.key,
                                                            .network = c->options.network,
                                                            .clock = c->options.clock,
                                                            .registry = c->registry,
                                                            .writer = c->writer,
                                                            .acks = c->acks,
                                                            .window = window,
                                                            .open = c->options.open_admission,
                                                            .joined = on_joined,
                                                            .userdata = c,
                                            });
}

static int begin_pulse(Core *c) {
        return pulse_new(&c->pulse, &(PulseOptions){
                                                    .store = c->options.store,
                                                    .writer = c->writer,
                                                    .taken = board_heartbeats(c->board),
                                                    .take = on_heartbeat,
                                                    .failed = on_pulse_failed,
                                                    .userdata = c,
                                    });
}

static void on_loaded(int r, void *userdata) {
        Core *c = userdata;

        if (r >= 0)
                r = begin_pulse(c);
        if (r < 0) {
                fail(c, r, "reading the state");
                return;
        }
        c->loader = loader_free(c->loader);
        validators_disconnect_all(writer_group(c->writer), c->heartbeat);
        hub_network_key_put(writer_group(c->writer), c->options.network->bytes);
        streams_prune(writer_group(c->writer));
        board_start(c->board);
        writer_beat(c->writer);
        c->found = writer_commit_no(c->writer);
        writer_flush(c->writer); /* no stream is read before the idle ones are gone */
        c->ready = true;
        c->options.ready(c->options.userdata);
}

/* The wall clock was stepped back between two hubs, or they have different ones. */
static void reach_heartbeat(const Core *c) {
        usec_t behind = hub_clock_reach(c->options.clock, c->heartbeat);

        if (behind > CLOCK_PATIENCE)
                log_event(LOG_WARNING, DPIN_MSG_CLOCK_BEHIND,
                          "the clock is behind the newest commit: hub time goes on from that",
                          "DPIN_SECONDS=%llu", (unsigned long long)(behind / USEC_PER_SEC));
}

static int build(Core *c, const HubStateRow *state) {
        int r;

        c->heartbeat = state->heartbeat == USEC_INFINITY ? 0 : state->heartbeat;
        reach_heartbeat(c);
        r = make_outputs(c, state);
        if (r >= 0)
                r = make_inputs(c, state);
        if (r < 0)
                return r;
        return loader_new(&c->loader, &(LoaderOptions){
                                                      .store = c->options.store,
                                                      .registry = c->registry,
                                                      .book = c->book,
                                                      .board = c->board,
                                                      .writer = c->writer,
                                                      .clock = c->options.clock,
                                                      .heartbeat = c->heartbeat,
                                                      .done = on_loaded,
                                                      .userdata = c,
                                      });
}

static void on_recovered(int r, const HubStateRow *state, void *userdata) {
        Core *c = userdata;

        if (r >= 0)
                r = build(c, state);
        if (r < 0)
                fail(c, r,
                     r == -EKEYREJECTED ? "this database belongs to another network key"
                                        : "reading the state");
        else
                c->recover = recover_free(c->recover);
}

int core_new(Core **ret, uv_loop_t *loop, const CoreOptions *options) {
        _cleanup_(core_freep) Core *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->loop = loop;
        c->options = *options;
        r = recover_new(&c->recover,
                        &(RecoverOptions){ options->store, options->network, on_recovered, c });
        if (r < 0)
                return r;

        *ret = TAKE_PTR(c);
        return 0;
}

Core *core_free(Core *c) {
        if (!c)
                return NULL;
        store_call_cancel(c->call);
        recover_free(c->recover);
        loader_free(c->loader);
        pulse_free(c->pulse);
        deeds_free(c->deeds);
        admission_free(c->admission);
        ingest_free(c->ingest);
        board_free(c->board);
        assigner_free(c->assigner);
        acks_free(c->acks);
        writer_free(c->writer);
        order_book_free(c->book);
        registry_free(c->registry);
        free(c);
        return NULL;
}

bool core_is_settled(const Core *c) {
        return core_is_ready(c) && writer_committed(c->writer) >= c->found;
}

bool core_is_ready(const Core *c) {
        return c && c->ready;
}

/* What sessions bring -------------------------------------------------------------------------- */

void core_join(Core *c, Session *s, const FrameJoin *join) {
        admission_join(c->admission, s, join);
}

int core_batch(Core *c, Session *s, const void *data, size_t n) {
        Validator *v = session_validator(s);

        if (v->session != s)
                return -EBADMSG;
        if (v->standing != STANDING_APPROVED || !v->streams) {
                session_send(s, &(const Frame){ .kind = FRAME_NOTICE, .notice.code = "pending" });
                return -EACCES;
        }
        return ingest_frame(c->ingest, v, data, n);
}

void core_suspect(Core *c, Session *s, const FrameSuspect *suspect) {
        Validator *v = session_validator(s);
        WorkOrder *o = order_book_find(c->book, &suspect->order);

        if (o && o->website && o->removed == 0 && o->validator == v->id)
                board_suspect(o->website, v->id, hub_clock_now(c->options.clock));
}

/* Each time all of its orders are signed and sent: what comes too often is put off to a beat. */
static void on_orders_wanted(Core *c, Session *s, Validator *v) {
        if (v->standing != STANDING_APPROVED)
                return;
        v->orders_due = !pace_take(&v->orders, &orders_rule, 1, hub_clock_now(c->options.clock));
        if (!v->orders_due)
                assign_welcome(c->assigner, v);
        else if (session_note(s, "orders_too_fast"))
                log_event(LOG_WARNING, DPIN_MSG_FRAME_REFUSED,
                          "a validator asks for its orders too often",
                          "DPIN_VALIDATOR=%s\nDPIN_REASON=orders_too_fast", v->key_text);
}

void core_notice(Core *c, Session *s, const FrameNotice *notice) {
        Validator *v = session_validator(s);

        switch (code_from_name(notice->code)) {
        case CODE_ORDERS:
                on_orders_wanted(c, s, v);
                break;
        case CODE_BAD_RECEIPT:
                if (session_note(s, "bad_receipt"))
                        log_event(LOG_WARNING, DPIN_MSG_FRAME_REFUSED,
                                  "a validator does not accept a receipt",
                                  "DPIN_VALIDATOR=%s\nDPIN_REASON=%s", v->key_text, notice->reason);
                break;
        case CODE_REFUSED:
                if (session_note(s, "order_refused"))
                        log_event(LOG_INFO, DPIN_MSG_TARGET_REFUSED,
                                  "a validator's owner does not allow an order",
                                  "DPIN_VALIDATOR=%s\nDPIN_REASON=%s", v->key_text, notice->reason);
                break;
        default:
                break;
        }
}

void core_closed(Core *c, Session *s) {
        Validator *v = session_validator(s);
        const Recorder recorder = recorder_of(c);
        uint32_t id;

        if (c->admission)
                admission_cancel(c->admission, s);
        if (!v || v->session != s)
                return;
        assign_gone(c->assigner, v);
        id = v->revision > 0 ? v->id : 0; /* it was told of when it joined, whatever it is now */
        if (id > 0) {
                log_event(LOG_INFO, DPIN_MSG_VALIDATOR_GONE, "validator gone", "DPIN_VALIDATOR=%s",
                          v->key_text);
                record_validator(&recorder, v, false);
        }
        registry_disconnect(c->registry, v, hub_clock_now(c->options.clock));
        if (id > 0)
                board_disconnected(c->board, id);
}

void core_drained(Core *c, Session *s) {
        Validator *v = session_validator(s);

        if (v && v->session == s)
                assign_drained(c->assigner, v);
}

/* What the administrator brings ---------------------------------------------------------------- */

static void on_windows(int r, const MaintenanceSpan *spans, size_t n, void *userdata) {
        Core *c = userdata;
        Calendar *calendar = NULL;

        c->call = NULL;
        if (r >= 0)
                r = calendar_new(&calendar, spans, n);
        if (r < 0) {
                fail(c, r, "reading maintenance windows");
                return;
        }
        board_put_calendar(c->board, calendar);
        if (c->again)
                core_read_changes(c);
}

static void read_windows(Core *c, usec_t now) {
        calendar_was_read(&c->calendar, now);
        if (maintenance_load(c->options.store,
                             &(const MaintenancePeriod){ now, now + CALENDAR_AHEAD }, on_windows, c,
                             &c->call) < 0)
                fail(c, -ENOTCONN, "reading maintenance windows");
}

static void on_websites(int r, const WebsiteRow *rows, size_t n, void *userdata) {
        Core *c = userdata;
        usec_t now = hub_clock_now(c->options.clock);
        bool anew = false; /* those that called before they were known here */

        c->call = NULL;
        if (r < 0) {
                fail(c, r, "reading websites");
                return;
        }
        for (size_t i = 0; i < n; i++) {
                const Website *w;

                (void)board_put(c->board, &rows[i]);
                w = board_find(c->board, rows[i].id);
                anew |= w && w->type == CHECK_PUSH;
        }
        if (anew)
                pulse_read_all(c->pulse);
        else
                pulse_read(c->pulse);
        if (now >= c->calendar.at)
                read_windows(c, now);
        else if (c->again)
                core_read_changes(c);
}

void core_read_changes(Core *c) {
        c->again = c->call != NULL;
        if (!c->ready || c->call)
                return;
        if (websites_load(c->options.store, board_revision(c->board), on_websites, c, &c->call) < 0)
                fail(c, -ENOTCONN, "reading websites");
}

void core_read_calendar(Core *c) {
        if (calendar_changed(&c->calendar, hub_clock_now(c->options.clock)))
                core_read_changes(c);
}

void core_read_deeds(Core *c) {
        if (c->ready)
                deeds_read(c->deeds);
}

void core_validator_changed(Core *c, const ValidatorRow *row) {
        Validator *v;

        if (!c->ready)
                return;
        v = registry_put_row(c->registry, row, 0);
        board_roster_changed(c->board);
        if (v && v->session)
                session_bye(v->session,
                            v->standing == STANDING_SUSPENDED ? CODE_SUSPENDED : CODE_APPROVED, 1);
}

/* On beats ------------------------------------------------------------------------------------- */

typedef struct Forgetting {
        Core *core;
        const Validator *validator;
} Forgetting;

static void on_forgotten(uint64_t incarnation, void *userdata) {
        const Forgetting *f = userdata;

        stream_forget(writer_group(f->core->writer), f->validator->id, incarnation);
}

/* What was put off, and what is to be forgotten. */
static void look_after(Core *c, Validator *v, usec_t now) {
        Forgetting f = { c, v };

        if (v->orders_due && v->session && pace_take(&v->orders, &orders_rule, 1, now)) {
                v->orders_due = false;
                assign_welcome(c->assigner, v);
        }
        if (v->streams)
                stream_table_forget(v->streams, now - STREAMS_IDLE_MAX, on_forgotten, &f);
}

void core_beat(Core *c) {
        usec_t now = hub_clock_now(c->options.clock);
        Validator *v = NULL;

        if (!c->ready)
                return;
        if (c->beats++ % EXPIRE_BEATS == 0)
                assign_expire(c->assigner, writer_paged(c->writer));
        while ((v = registry_next(c->registry, v)))
                look_after(c, v, now);
        if (now >= c->calendar.at)
                core_read_changes(c);
        assign_beat(c->assigner);
        writer_beat(c->writer);
}

bool core_is_idle(const Core *c) {
        return !c->writer || writer_is_idle(c->writer);
}

void core_stop(Core *c) {
        if (!c->board)
                return;
        board_halt(c->board);
        writer_finish(c->writer);
}

const Registry *core_registry(const Core *c) {
        return c->registry;
}

const Board *core_board(const Core *c) {
        return c->board;
}

const IngestCounters *core_counters(const Core *c) {
        return ingest_counters(c->ingest);
}

const Writer *core_writer(const Core *c) {
        return c->writer;
}
