/* One question to servers of its own, so that it can be dropped at any time and nothing of it is
 * kept. The answer is told by a timer, when the library is no longer at work. */
#include <errno.h>
#include <string.h>
#include <utlist.h>

#include "event/resolver-internal.h"

struct ResolverQuery {
        ResolverQuery **list;
        ResolverChannel *channel;
        Timer *timer;
        ResolverAnswered answered;
        void *userdata;
        uint8_t *bytes;
        size_t n;
        ResolverOutcome outcome;
        usec_t at;   /* 0: not answered yet */
        bool asking; /* the library may call back */
        ResolverQuery *prev, *next;
};

static ResolverQuery *query_free(ResolverQuery *q) {
        if (!q)
                return NULL;
        q->asking = false;
        resolver_channel_free(q->channel);
        timer_free(q->timer);
        free(q->bytes);
        free(q);
        return NULL;
}
DEFINE_FREEP(ResolverQuery, query_free);

static void on_timer(void *userdata) {
        _cleanup_(query_freep) ResolverQuery *q = userdata;
        ResolverAnswer answer = {
                .outcome = q->outcome, .bytes = q->bytes, .n = q->n, .at = q->at
        };

        if (q->at == 0)
                answer = (ResolverAnswer){ .outcome = RESOLVER_TIMEOUT, .at = now_boottime() };
        DL_DELETE(*q->list, q);
        q->answered(&answer, q->userdata);
}

static void on_answer(void *userdata, int status, int timeouts _unused_, unsigned char *bytes,
                      int n) {
        ResolverQuery *q = userdata;

        if (!q->asking)
                return;
        q->asking = false;
        q->outcome = resolver_outcome(status);
        q->at = now_boottime();
        if (bytes && n > 0)
                q->bytes = malloc((size_t)n);
        if (q->bytes) {
                memcpy(q->bytes, bytes, (size_t)n);
                q->n = (size_t)n;
                q->outcome = RESOLVER_FOUND;
        } else if (q->outcome == RESOLVER_FOUND) {
                q->outcome = RESOLVER_NO_MEMORY;
        }
        timer_after(q->timer, 0);
}

static int open_channel(ResolverQuery *q, uv_loop_t *loop, const ResolverOptions *options,
                        const ResolverQuestion *question) {
        ResolverOptions o = *options;
        char server[NET_ADDRESS_TEXT_SIZE];

        if (question->server)
                o.servers = net_address_text_port(question->server, server);
        return resolver_channel_new(&q->channel, loop, &o, true);
}

int resolver_query_new(ResolverQuery **ret, ResolverQuery **list, uv_loop_t *loop,
                       const ResolverOptions *options, const ResolverAsking *asking) {
        _cleanup_(query_freep) ResolverQuery *q = calloc(1, sizeof(*q));
        const ResolverQuestion *question = asking->question;
        int r;

        if (!q)
                return -ENOMEM;
        q->list = list;
        q->answered = asking->answered;
        q->userdata = asking->userdata;
        r = timer_new(&q->timer, loop, on_timer, q);
        if (r < 0)
                return r;

        r = open_channel(q, loop, options, question);
        if (r < 0)
                return r;

        timer_after(q->timer, question->timeout);
        q->asking = true;
        r = resolver_channel_query(q->channel, question->name, question->type, on_answer, q);
        if (r < 0)
                return r;

        DL_APPEND(*list, q);
        *ret = TAKE_PTR(q);
        return 0;
}

ResolverQuery *resolver_query_cancel(ResolverQuery *q) {
        if (!q)
                return NULL;
        DL_DELETE(*q->list, q);
        return query_free(q);
}
