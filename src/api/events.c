/* A stream begins with what its reader missed, page by page, and joins the others when it has
 * caught up with them. Resuming costs the reader's queue, so a gap that is too big is answered with
 * a reset. */
#include "api/events.h"

#include <errno.h>
#include <string.h>

#include "api/feed-load.h"
#include "api/live.h"
#include "api/reply.h"
#include "store/events.h"

#define PAGE_ROWS  500u
#define REPLAY_MAX (512u * 1024) /* half a stream's queue, see server.c */

typedef struct EventStream {
        ApiCall *call;
        uint64_t position; /* commits up to this one are written */
        size_t replayed;   /* bytes */
        bool delayed;      /* something was asked of the database since its token was */
        bool doubtful;     /* its token is asked for, and has to be once more */
        FeedLoad *load;
        SseReader *reader; /* NULL until it has caught up */
} EventStream;

static void stream_free(void *state) {
        EventStream *s = state;

        feed_load_cancel(s->load);
        sse_leave(s->reader);
        sse_give_place(s->call->api->sse);
        free(s);
}

static int target_write(void *target, const char *text, size_t n) {
        ApiCall *c = target;

        return httpd_stream_write(c->http, text, n);
}

static void target_close(void *target) {
        ApiCall *c = target;

        httpd_stream_close(c->http);
}

static void on_token(int r, const TokenRow *rows, size_t n, void *userdata);

/* A revoked token ends its streams too. While the database is away nothing is streamed anyway. */
static void target_beat(void *target) {
        ApiCall *c = target;
        EventStream *s = c->state;

        s->doubtful = c->open;
        if (!c->open)
                (void)token_find(c->api->store, c->who.secret_sha256, on_token, c, &c->open);
}

static void on_token(int r, const TokenRow *rows _unused_, size_t n, void *userdata) {
        ApiCall *c = userdata;
        const EventStream *s = c->state;

        c->open = NULL;
        if (r == 0 && n == 0)
                httpd_stream_close(c->http);
        else if (s->doubtful)
                target_beat(c);
}

const SseOps events_sse_ops = {
        .write = target_write,
        .close = target_close,
        .beat = target_beat,
};

static SseJoin who_of(const EventStream *s) {
        return (SseJoin){ .target = s->call,
                          .organisation = s->call->who.organisation,
                          .position = s->position,
                          .token = s->call->who.token };
}

static void join(EventStream *s) {
        SseJoin who = who_of(s);

        if (sse_join(s->call->api->sse, &who, &s->reader) < 0)
                httpd_stream_close(s->call->http);
        else if (s->delayed)
                target_beat(s->call); /* its token may have ended meanwhile */
}

/* Begins anew from what is current. */
static void reset(EventStream *s) {
        char text[SSE_LINE_SIZE];
        size_t n;

        s->position = live_position(s->call->api->live);
        n = sse_reset_text(s->position, text);
        if (httpd_stream_write(s->call->http, text, n) < 0)
                httpd_stream_close(s->call->http);
        else
                join(s);
}

static void catch_up(EventStream *s);

static int write_page(EventStream *s, const FeedLoaded *loaded) {
        SseJoin who = who_of(s);
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        r = sse_format(&who, loaded->entries, loaded->n, &text, &n);
        if (r < 0)
                return r;
        s->replayed += n;
        if (s->replayed > REPLAY_MAX)
                return -ENOBUFS;
        return n > 0 ? httpd_stream_write(s->call->http, text, n) : 0;
}

static void on_page(const FeedLoaded *loaded, void *userdata) {
        EventStream *s = userdata;
        int r = loaded->r;

        s->load = NULL;
        if (r == 0)
                r = write_page(s, loaded);
        if (r == -ENOBUFS) {
                reset(s);
                return;
        }
        if (r < 0) {
                httpd_stream_close(s->call->http);
                return;
        }
        s->position = loaded->upto;
        catch_up(s);
}

static void catch_up(EventStream *s) {
        FeedRange range = { s->position, live_position(s->call->api->live), PAGE_ROWS };

        if (range.after >= range.until)
                join(s);
        else if (feed_load(&s->load, s->call->api->feed, &range, on_page, s) < 0)
                httpd_stream_close(s->call->http);
}

/* 0; -EUSERS: all places are taken; -ENOMEM. The call frees it. */
static int stream_open(ApiCall *c, uint64_t position, EventStream **ret) {
        EventStream *s;
        char text[SSE_LINE_SIZE];
        size_t n;
        int r;

        if (!sse_take_place(c->api->sse))
                return -EUSERS;
        s = calloc(1, sizeof(*s));
        if (!s) {
                sse_give_place(c->api->sse);
                return -ENOMEM;
        }
        *s = (EventStream){ .call = c, .position = position };
        c->state = s;
        c->state_free = stream_free;

        r = reply_stream(c->http);
        if (r < 0)
                return r;

        n = sse_hello(position, text);
        *ret = s;
        return httpd_stream_write(c->http, text, n);
}

static void fail(ApiCall *c, int r) {
        static const HttpdRefusal full = { 503, "streams_full",
                                           "There are too many event streams." };

        if (r == -EUSERS)
                call_refuse(c, &full, "Retry-After: 10");
        else
                call_fail(c, r);
}

static void begin(ApiCall *c, bool resumable, uint64_t position) {
        EventStream *s;
        int r;

        if (!resumable)
                position = live_position(c->api->live);
        r = stream_open(c, position, &s);
        if (r < 0) {
                fail(c, r);
                return;
        }
        s->delayed = httpd_header(c->http, "Last-Event-ID");
        if (resumable)
                catch_up(s);
        else
                reset(s);
}

static void on_bounds(int r, const EventBounds *rows, size_t n, void *userdata) {
        ApiCall *c = userdata;
        const char *text = httpd_header(c->http, "Last-Event-ID");
        uint64_t id = 0;
        bool resumable;

        c->open = NULL;
        if (r < 0 || n != 1) {
                call_fail(c, r < 0 ? r : -EIO);
                return;
        }
        resumable = text && sse_position_read(text, &id) && id >= rows->resumable &&
                    id <= rows->newest;
        begin(c, resumable, id);
}

void events_stream(ApiCall *c) {
        if (strcmp(httpd_method(c->http), "HEAD") == 0) {
                (void)reply_stream(c->http);
                httpd_stream_close(c->http);
                return;
        }
        if (httpd_header(c->http, "Last-Event-ID")) {
                call_started(c, event_bounds_load(c->api->store, on_bounds, c, &c->open));
                return;
        }
        begin(c, true, live_position(c->api->live));
}
