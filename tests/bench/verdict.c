/* dpin-verdict: what verdicts cost the hub, without network and database: the hub's own registry,
 * order book and board, and ticks as batches bring them. Nothing is sent, and what would be stored
 * is collected and dropped. Prints one line of JSON.
 *
 *   dpin-verdict [WEBSITES] */
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "hub/board.h"
#include "hub/dispose.h"
#include "hub/seats.h"
#include "store/statements.h"

#define WEBSITES   100000u
#define VALIDATORS 100u
#define SEATS      4u
#define INTERVAL   (60 * USEC_PER_SEC)
#define TIMEOUT    (10 * USEC_PER_SEC)
#define WINDOW     USEC_PER_SEC /* a validator seals that often */
#define ROUNDS     5u           /* intervals that are measured */
#define LATENCY    20000u

typedef struct Slot {
        usec_t at;
        WorkOrder *order;
        uint32_t number;
} Slot;

typedef struct Scene {
        uv_loop_t loop;
        HubClock clock;
        uint8_t secret[32];
        SignKey *key;
        PublicKey network;
        Registry *registry;
        OrderBook *book;
        Store *store;
        Writer *writer;
        Assigner *assigner;
        Board *board;
        uint32_t n;
        Slot *slots; /* of all seats, by time within the interval */
        usec_t begun;
        uint64_t votes, counted;
        double order_bytes, website_bytes;
} Scene;

static double cpu_seconds(void) {
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double allocated(void) {
        struct mallinfo2 m = mallinfo2();

        return (double)m.uordblks + (double)m.hblkhd;
}

static void must(bool so, const char *what) {
        if (so)
                return;
        fprintf(stderr, "dpin-verdict: %s\n", what);
        exit(EXIT_FAILURE);
}

/* The clock stands where it is set: the machine's own time plays no part. */
static void set_time(Scene *s, usec_t at) {
        s->clock.offset = at - now_boottime();
}

/* Everybody and everything ----------------------------------------------------------------------
 */

static void on_state(StoreState state _unused_, const char *text _unused_,
                     void *userdata _unused_) {
}

static void on_committed(uint64_t commit_no _unused_, usec_t time _unused_,
                         void *userdata _unused_) {
}

static void on_failed(int r _unused_, const char *error _unused_, void *userdata _unused_) {
}

static void on_send(Validator *v _unused_, const Frame *frame _unused_, void *userdata _unused_) {
}

static bool on_room(const Validator *v _unused_, void *userdata _unused_) {
        return true;
}

static void on_drop(Validator *v _unused_, void *userdata _unused_) {
}

static void add_validators(Scene *s) {
        struct sockaddr_storage from = { .ss_family = AF_INET };
        uint8_t key[32] = { 0 };
        char name[16];

        for (uint32_t i = 0; i < VALIDATORS; i++) {
                RegistryEntry e = { .id = i + 1,
                                    .key = key,
                                    .standing = STANDING_APPROVED,
                                    .name = name,
                                    .operator_name = name,
                                    .region = "",
                                    .abilities = UINT32_MAX };
                Validator *v;

                snprintf(name, sizeof(name), "v%u", i);
                memcpy(key, &e.id, sizeof(e.id));
                ((struct sockaddr_in *)&from)->sin_addr.s_addr = htonl(0x0a000001u + (i << 16));
                v = registry_put(s->registry, &e);
                must(v != NULL, "no validator");
                registry_connect(s->registry, v, &from, s->begun - 60 * USEC_PER_SEC);
        }
}

static void make_hub(Scene *s) {
        const StoreOptions store = { .dsn = "host=/nonexistent",
                                     .statements = store_statements(),
                                     .on_state = on_state };
        const uint8_t seed[SIGN_SEED_SIZE] = { 1 };

        must(uv_loop_init(&s->loop) == 0, "no loop");
        must(sign_key_from_seed(seed, &s->key) == 0, "no key");
        must(registry_new(&s->registry) == 0 && order_book_new(&s->book, 0) == 0, "no memory");
        must(store_new(&s->store, &s->loop, &store) == 0, "no store");
        must(writer_new(&s->writer, &s->loop,
                        &(WriterOptions){ .store = s->store,
                                          .clock = &s->clock,
                                          .ops = { on_committed, on_failed, s } }) == 0,
             "no writer");
        must(assigner_new(&s->assigner, &(AssignerOptions){ .key = s->key,
                                                            .network = &s->network,
                                                            .clock = &s->clock,
                                                            .writer = s->writer,
                                                            .registry = s->registry,
                                                            .book = s->book,
                                                            .send = on_send,
                                                            .has_room = on_room,
                                                            .drop = on_drop }) == 0,
             "no assigner");
        must(board_new(&s->board, &s->loop,
                       &(BoardOptions){ .clock = &s->clock,
                                        .hub_secret = s->secret,
                                        .registry = s->registry,
                                        .book = s->book,
                                        .assigner = s->assigner,
                                        .recorder = { .writer = s->writer,
                                                      .registry = s->registry,
                                                      .clock = &s->clock } }) == 0,
             "no board");
}

/* Websites --------------------------------------------------------------------------------------
 */

static uint32_t member_of(uint32_t website, uint8_t seat) {
        return (website * 7 + seat * 29) % VALIDATORS + 1;
}

static WebsiteRow row_of(uint32_t id, char *url, size_t size) {
        WebsiteRow row = { .id = id,
                           .organisation = 1,
                           .url = url,
                           .settings = { .specification = "",
                                         .rules = "",
                                         .tags = "",
                                         .interval_ms = INTERVAL / USEC_PER_MSEC,
                                         .timeout_ms = TIMEOUT / USEC_PER_MSEC,
                                         .seats = SEATS },
                           .revision = id };

        snprintf(url, size, "https://website-%u.example/status", id);
        memcpy(row.public_id.bytes, &id, sizeof(id));
        row.public_id.bytes[15] = (uint8_t)(id * 151);
        return row;
}

static Vote said_up(usec_t started) {
        return (Vote){ .outcome = VOTE_UP,
                       .latency = LATENCY,
                       .started = started,
                       .arrived = started + LATENCY };
}

static Website *add_website(Scene *s, uint32_t id, const uint32_t *eligible) {
        const uint8_t root[32] = { 0 };
        char url[64];
        WebsiteRow row = row_of(id, url, sizeof(url));
        SiteHeld held[SEATS];
        SiteRestore r = { .epoch = 1,
                          .starts = s->begun - USEC_PER_MIN,
                          .ends = s->begun + 10 * USEC_PER_HOUR,
                          .committee = { .order = eligible, .n_order = VALIDATORS, .n = SEATS },
                          .seats = held,
                          .n_seats = SEATS,
                          .state = VERDICT_UP,
                          .assurance = ASSURANCE_FULL,
                          .since = s->begun - USEC_PER_MIN,
                          .first_evidence = s->begun - USEC_PER_MIN,
                          .eligible_root = root,
                          .heartbeat = s->begun - USEC_PER_SEC,
                          .flapping_until = USEC_INFINITY };
        Website *w;

        must(board_put(s->board, &row) == 0, "no website");
        w = board_find(s->board, id);
        for (uint8_t i = 0; i < SEATS; i++)
                held[i] = (SiteHeld){ i, member_of(id, i),
                                      said_up(s->begun - (SEATS - i) * INTERVAL / SEATS) };
        must(board_restore(s->board, w, &r) == 0, "its seats are not as they were");
        return w;
}

static void add_orders(Scene *s, Website *w) {
        for (uint8_t i = 0; i < SEATS; i++) {
                SeatGrid grid = { w->public_id, INTERVAL, SEATS };
                OrderTerms terms = { .epoch = 1, .website = w->public_id, .spec = w->spec_hash };
                WorkOrder made = { .row = order_book_take_row(s->book),
                                   .validator = member_of(w->id, i),
                                   .website = w,
                                   .order = { .start = (int64_t)seat_slot(&grid, i, s->begun),
                                              .interval_ms = w->interval_ms,
                                              .timeout_ms = w->timeout_ms,
                                              .type = ORDER_SEAT,
                                              .seat = i,
                                              .n = SEATS,
                                              .terms = &terms },
                                   .kin = &w->all_orders,
                                   .sent = true };
                WorkOrder *o;
                Hash id;

                hash_bytes(&made.row, sizeof(made.row), &id);
                memcpy(made.id.bytes, id.bytes, sizeof(made.id.bytes));
                o = order_book_add(s->book, &made);
                must(o && assign_put(w, SEAT_MEMBER, o, i) == 0, "no order");
                s->slots[(w->id - 1) * SEATS + i] =
                                (Slot){ .at = (usec_t)o->order.start - s->begun, .order = o };
        }
}

static int compare_slots(const void *a, const void *b) {
        const Slot *x = a, *y = b;
        uint64_t bx = x->at / WINDOW, by = y->at / WINDOW;

        if (bx != by)
                return bx < by ? -1 : 1;
        if (x->order->validator != y->order->validator)
                return x->order->validator < y->order->validator ? -1 : 1;
        return x->at < y->at ? -1 : x->at > y->at;
}

static void add_websites(Scene *s) {
        uint32_t eligible[VALIDATORS];
        double before = allocated(), between;

        for (uint32_t i = 0; i < VALIDATORS; i++)
                eligible[i] = i + 1;
        for (uint32_t id = 1; id <= s->n; id++)
                (void)add_website(s, id, eligible);
        between = allocated();
        for (uint32_t id = 1; id <= s->n; id++)
                add_orders(s, board_find(s->board, id));
        s->order_bytes = (allocated() - between) / s->n;
        s->website_bytes = (between - before) / s->n;
        qsort(s->slots, (size_t)s->n * SEATS, sizeof(*s->slots), compare_slots);
        before = allocated();
        board_start(s->board);
        s->website_bytes += (allocated() - before) / s->n;
}

/* Votes, as ingest.c takes them -----------------------------------------------------------------
 */

static Tick tick_of(const Scene *s, Slot *slot, TickOutcome outcome, unsigned round) {
        return (Tick){ .order = slot->order->id,
                       .kind = TICK_SCHEDULED,
                       .outcome = outcome,
                       .error = outcome == TICK_DOWN ? TICK_ERROR_REFUSED : TICK_ERROR_NONE,
                       .number = slot->number++,
                       .start = (int64_t)(s->begun + slot->at + round * INTERVAL),
                       .phases.wait = LATENCY };
}

static void take(Scene *s, const Tick *ticks, uint16_t n, usec_t now) {
        WorkOrder *orders[BATCH_TICKS_MAX];
        const DisposeTime when = { .now = now };
        bool votes;
        Vote vote;

        order_book_find_all(s->book, ticks, n, orders);
        for (unsigned step = 0; step < BOARD_FETCH_STEPS; step++)
                for (uint16_t k = 0; k < n; k++)
                        board_fetch(orders[k]->website, step, orders[k]->order.seat);
        for (uint16_t k = 0; k < n; k++) {
                WorkOrder *o = orders[k];

                s->votes++;
                if (dispose_tick(o, o->validator, &ticks[k], &when, &votes) !=
                                    DISPOSITION_ACCEPTED ||
                    !votes)
                        continue;
                vote = dispose_vote(&ticks[k], now);
                s->counted += board_vote(o->website,
                                         (SiteVoter){ .validator = o->validator,
                                                      .seat = o->order.seat },
                                         &vote, now) > 0;
        }
}

/* What one validator has sealed in one window. */
static size_t batch_end(const Scene *s, size_t from) {
        size_t to = from, all = (size_t)s->n * SEATS;
        const Slot *first = &s->slots[from];

        while (to < all && to - from < BATCH_TICKS_MAX &&
               s->slots[to].order->validator == first->order->validator &&
               s->slots[to].at / WINDOW == first->at / WINDOW)
                to++;
        return to;
}

/* One interval of all seats. Returns seconds of CPU, without making the ticks. */
static double run_interval(Scene *s, unsigned round, TickOutcome outcome) {
        Tick ticks[BATCH_TICKS_MAX];
        double spent = 0, from;

        for (size_t i = 0, end; i < (size_t)s->n * SEATS; i = end) {
                usec_t at = s->begun + round * INTERVAL + (s->slots[i].at / WINDOW + 1) * WINDOW;

                end = batch_end(s, i);
                for (size_t k = i; k < end; k++)
                        ticks[k - i] = tick_of(s, &s->slots[k], outcome, round);
                set_time(s, at + LATENCY);
                from = cpu_seconds();
                take(s, ticks, (uint16_t)(end - i), at + LATENCY);
                spent += cpu_seconds() - from;
        }
        return spent;
}

static unsigned count_down(const Scene *s) {
        unsigned states[_VERDICT_MAX];

        board_states(s->board, states);
        return states[VERDICT_DOWN];
}

static void measure(Scene *s) {
        double steady = 0, down;
        unsigned round = 0;

        run_interval(s, round++, TICK_UP); /* what comes once has come */
        s->votes = s->counted = 0;
        for (unsigned i = 0; i < ROUNDS; i++)
                steady += run_interval(s, round++, TICK_UP);
        must(s->counted == s->votes && count_down(s) == 0, "votes do not count");
        steady /= (double)s->votes;
        down = run_interval(s, round++, TICK_DOWN);
        must(count_down(s) == s->n, "they are not all down");
        printf("{\"websites\": %u, \"votes_per_s\": %.0f, \"vote_ns\": %.1f, "
               "\"bytes_per_website\": "
               "%.0f, \"order_bytes\": %.0f, \"down_s\": %.3f, \"flip_us\": %.2f}\n",
               s->n, 1 / steady, steady * 1e9, s->website_bytes, s->order_bytes, down,
               (down / s->n - SEATS * steady) * 1e6);
}

int main(int argc, char **argv) {
        static Scene s;

        log_set_level(LOG_ERR);
        s.n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : WEBSITES;
        s.begun = UINT64_C(1750000000) * USEC_PER_SEC;
        s.slots = calloc((size_t)s.n * SEATS, sizeof(*s.slots));
        must(s.n > 0 && s.slots, "WEBSITES is not a number");
        set_time(&s, s.begun);
        make_hub(&s);
        add_validators(&s);
        add_websites(&s);
        measure(&s);
        return EXIT_SUCCESS; /* the rest ends with the process */
}
