/* dpin-load: a hub under load. `dpin-load --help` says how it is called; what a line of the journal
 * holds is said there too. One loop, one timer that gives every validator its turn. Exit 0: at
 * least one validator joined and the hub said nothing wrong. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load-peer.h"

#define BEAT_MS       10
#define BEAT_QUICK_MS 1                   /* where suspects are sent */
#define QUEUE_ALL     ((size_t)256 << 20) /* bytes of unacknowledged batches in this process */
#define QUEUE_LEAST   ((size_t)256 << 10)
#define QUEUE_MOST    ((size_t)32 << 20)
#define LEAVE_MAX     (500 * USEC_PER_MSEC)

typedef struct Load {
        LoadWorld world;
        uv_loop_t loop;
        uv_timer_t timer;
        uv_signal_t signals[3];
        LoadPeer **peers;
        usec_t *turns; /* when each wants to be called */
        usec_t second, last, stopped, left;
        double suspects; /* owed */
        unsigned at;     /* whose suspect is next */
        bool told;       /* the summary */
        int result;      /* of telling it */
} Load;

static unsigned count(const Load *l) {
        return l->world.args->validators;
}

static void give_turns(Load *l, usec_t now) {
        for (unsigned i = 0; i < count(l); i++)
                if (l->turns[i] <= now)
                        l->turns[i] = load_peer_turn(l->peers[i], now);
}

static void send_suspects(Load *l, usec_t now) {
        if (l->world.stats.ready < count(l))
                return; /* they are measured when all are there */
        l->suspects += (double)l->world.args->suspects * (double)(now - l->last) /
                       (double)USEC_PER_SEC;
        for (; l->suspects >= 1; l->suspects--)
                (void)load_peer_suspect(l->peers[l->at++ % count(l)]);
}

static void each_second(Load *l, usec_t now) {
        if (l->told || now < l->second)
                return;
        l->second = now + USEC_PER_SEC;
        load_stats_progress(&l->world.stats, l->world.args, now);
        (void)load_journal_flush(l->world.journal);
}

static void stop(Load *l, usec_t now) {
        if (l->stopped > 0)
                return;
        l->stopped = now;
        l->world.stopping = true;
        for (unsigned i = 0; i < count(l); i++)
                load_peer_stop(l->peers[i], now);
}

static bool all_acknowledged(const Load *l, usec_t now) {
        for (unsigned i = 0; i < count(l); i++)
                if (load_peer_waits(l->peers[i], now))
                        return false;
        return true;
}

static void tell(Load *l, usec_t now) {
        if (l->told)
                return;
        l->told = true;
        load_stats_progress(&l->world.stats, l->world.args, now);
        l->result = load_journal_flush(l->world.journal);
        if (l->result >= 0)
                l->result = load_stats_print(&l->world.stats, l->world.args);
        (void)fflush(stdout);
}

static void leave(Load *l, usec_t now) {
        l->left = now;
        for (unsigned i = 0; i < count(l); i++)
                load_peer_leave(l->peers[i]);
}

/* First the last receipts, then the summary, then goodbye. */
static void wind_up(Load *l, usec_t now) {
        if (!l->told && (all_acknowledged(l, now) || now - l->stopped > l->world.args->drain)) {
                tell(l, now);
                if (!l->world.args->stay)
                        leave(l, now);
        }
        if (l->left > 0 && (l->world.stats.ready == 0 || now - l->left > LEAVE_MAX))
                uv_stop(&l->loop);
}

static void on_beat(uv_timer_t *timer) {
        Load *l = timer->data;
        usec_t now = now_boottime(), length = l->world.args->length;

        give_turns(l, now);
        if (l->stopped == 0)
                send_suspects(l, now);
        l->last = now;
        each_second(l, now);
        if (length > 0 && now - l->world.started >= length)
                stop(l, now);
        if (l->stopped > 0)
                wind_up(l, now);
}

static void on_signal(uv_signal_t *handle, int number) {
        Load *l = handle->data;

        if (number == SIGUSR1) {
                load_stats_forget_latencies(&l->world.stats);
                return;
        }
        if (l->told && l->left == 0)
                leave(l, now_boottime());
        else if (l->stopped > 0)
                uv_stop(&l->loop);
        stop(l, now_boottime());
}

/* Building ------------------------------------------------------------------------------------- */

static void raise_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int make_peers(Load *l) {
        int r = 0;

        l->peers = calloc(count(l), sizeof(*l->peers));
        l->turns = calloc(count(l), sizeof(*l->turns));
        if (!l->peers || !l->turns)
                return -1;
        for (unsigned i = 0; i < count(l) && r >= 0; i++)
                r = load_peer_new(&l->peers[i], &l->world, l->world.args->first + i);
        return r;
}

static void start_handles(Load *l) {
        static const int numbers[] = { SIGTERM, SIGINT, SIGUSR1 };
        unsigned beat = l->world.args->suspects > 0 ? BEAT_QUICK_MS : BEAT_MS;

        uv_timer_init(&l->loop, &l->timer);
        l->timer.data = l;
        uv_timer_start(&l->timer, on_beat, 0, beat);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                uv_signal_init(&l->loop, &l->signals[i]);
                l->signals[i].data = l;
                uv_signal_start(&l->signals[i], on_signal, numbers[i]);
        }
}

static int build(Load *l, const LoadArgs *args) {
        int r;

        l->world.loop = &l->loop;
        l->world.args = args;
        l->world.started = l->world.stats.started = l->last = now_boottime();
        l->world.queue_max = CLAMP(QUEUE_ALL / args->validators, QUEUE_LEAST, QUEUE_MOST);
        if (args->journal) {
                r = load_journal_new(&l->world.journal, args->journal);
                if (r < 0) {
                        fprintf(stderr, "dpin-load: %s: %s\n", args->journal, strerror(-r));
                        return r;
                }
        }
        return make_peers(l);
}

static void tear_down(Load *l) {
        uv_close((uv_handle_t *)&l->timer, NULL);
        for (size_t i = 0; i < ELEMENTSOF(l->signals); i++)
                uv_close((uv_handle_t *)&l->signals[i], NULL);
        for (unsigned i = 0; l->peers && i < count(l); i++)
                load_peer_free(l->peers[i]);
        (void)uv_run(&l->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&l->loop);
        free(l->peers);
        free(l->turns);
        load_journal_free(l->world.journal);
}

static int run(const LoadArgs *args) {
        Load l = { 0 };
        int r;

        if (uv_loop_init(&l.loop) < 0)
                return EXIT_FAILURE;
        r = build(&l, args);
        start_handles(&l);
        if (r >= 0) {
                (void)uv_run(&l.loop, UV_RUN_DEFAULT);
                tell(&l, now_boottime());
                r = l.result;
        }
        tear_down(&l);
        return r >= 0 && l.world.stats.joined > 0 && l.world.stats.errors == 0 ? EXIT_SUCCESS
                                                                               : EXIT_FAILURE;
}

int main(int argc, char **argv) {
        LoadArgs args;
        int r;

        r = load_args_parse(&args, argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        (void)signal(SIGPIPE, SIG_IGN);
        raise_limit();
        return run(&args);
}
