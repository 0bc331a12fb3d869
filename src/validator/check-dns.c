/* One question to one resolver, the machine's own unless the specification names another: code and
 * records of its answer are what is checked. The phase `dns` is the time to find the resolver
 * named, `wait` the time until it answered. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/dns-message.h"
#include "validator/answer.h"
#include "validator/check-kind.h"
#include "validator/check-seen.h"

typedef struct DnsCheck {
        const CheckTools *tools;
        const Spec *spec; /* borrowed */
        Target target;
        ResolverLookup *lookup;
        ResolverQuery *query;
        usec_t started, asked, timeout;
        Tick seen;
        CheckStory *story; /* borrowed, or NULL */
        CheckKindDone done;
        void *userdata;
} DnsCheck;

static void finish(DnsCheck *c, TickError error) {
        check_seen_set_error(&c->seen, error);
        check_seen_judge_time(&c->seen, c->timeout);
        c->done(&c->seen, CHECK_NOT_REFUSED, c->userdata);
        free(c);
}

/* Answers -------------------------------------------------------------------------------------- */

/* NULL: no memory. */
static char *join_records(const DnsMessage *m, size_t *ret_n) {
        size_t n = 0, at = 0;
        char *text;

        for (unsigned i = 0; i < m->n; i++)
                n += strlen(m->records[i]) + 1;
        text = malloc(n + 1);
        if (!text)
                return NULL;
        for (unsigned i = 0; i < m->n; i++) {
                size_t size = strlen(m->records[i]) + 1;

                memcpy(text + at, m->records[i], size);
                at += size;
        }
        *ret_n = n;
        return text;
}

static TickError judge_records(const DnsCheck *c, const DnsMessage *m) {
        size_t n = 0;
        _cleanup_free_ char *text = join_records(m, &n);
        AssertSeen seen = { .answers = { text, n } };

        return text ? answer_judge_assertions(c->spec, &seen, c->story) : TICK_ERROR_INTERNAL;
}

static TickError tell_rcode(const DnsCheck *c, unsigned rcode) {
        const char *name = dns_rcode_name(rcode);
        char detail[64];

        if (name)
                snprintf(detail, sizeof(detail), "the answer is %s", name);
        else
                snprintf(detail, sizeof(detail), "the code of the answer is %u", rcode);
        check_story_detail(c->story, detail);
        return TICK_ERROR_STATUS;
}

/* Where nothing is asserted, a name without such a record is as good as none. */
static TickError judge_message(const DnsCheck *c, const DnsMessage *m) {
        const Spec *spec = c->spec;
        int wanted = spec->rcode[0] ? dns_rcode_from_name(spec->rcode) : 0;

        if ((int)m->rcode != wanted)
                return tell_rcode(c, m->rcode);
        if (spec->assertions.n > 0)
                return judge_records(c, m);
        if (m->n > 0 || wanted != 0)
                return TICK_ERROR_NONE;
        check_story_detail(c->story, "the answer has no such record");
        return TICK_ERROR_DNS;
}

static TickError judge(DnsCheck *c, const ResolverAnswer *a) {
        DnsMessage m;
        TickError error;
        int r;

        if (a->outcome == RESOLVER_TIMEOUT)
                return TICK_ERROR_TIMEOUT_WAIT;
        if (a->outcome == RESOLVER_REFUSED)
                return TICK_ERROR_REFUSED;
        if (a->outcome == RESOLVER_NO_MEMORY)
                return TICK_ERROR_INTERNAL;
        if (a->outcome != RESOLVER_FOUND)
                return TICK_ERROR_PROTOCOL;
        r = dns_message_read(a->bytes, a->n, dns_type_from_name(c->target.record), &m);
        if (r < 0)
                return r == -ENOMEM ? TICK_ERROR_INTERNAL : TICK_ERROR_PROTOCOL;
        c->seen.status = (uint16_t)m.rcode;
        error = judge_message(c, &m);
        dns_message_done(&m);
        return error;
}

static void on_answer(const ResolverAnswer *a, void *userdata) {
        DnsCheck *c = userdata;

        c->query = NULL;
        c->seen.phases.wait = check_seen_phase(a->at - c->asked);
        finish(c, judge(c, a));
}

/* Questions ------------------------------------------------------------------------------------ */

static int ask(DnsCheck *c, const NetAddress *server) {
        usec_t left = c->timeout > c->seen.phases.dns ? c->timeout - c->seen.phases.dns : 1;

        if (server)
                check_seen_set_address(&c->seen, &server->any);
        c->asked = now_boottime();
        return resolver_ask(c->tools->resolver,
                            &(ResolverQuestion){ .name = c->target.name,
                                                 .type = dns_type_from_name(c->target.record),
                                                 .server = server,
                                                 .timeout = left },
                            on_answer, c, &c->query);
}

static void on_server(const ResolverResult *names, void *userdata) {
        DnsCheck *c = userdata;
        ResolverResult list = *names;
        const NetAddress *a = connect_first(&c->tools->options->connect, &list, c->target.port);
        TickError error = check_seen_names(names->outcome);

        c->lookup = NULL;
        c->seen.phases.dns = check_seen_phase(names->at - c->started);
        if (error == TICK_ERROR_NONE && !a)
                error = TICK_ERROR_GUARD;
        if (error == TICK_ERROR_NONE && ask(c, a) < 0)
                error = TICK_ERROR_INTERNAL;
        if (error != TICK_ERROR_NONE)
                finish(c, error);
}

static int begin(DnsCheck *c, uint8_t family) {
        if (!c->target.host[0])
                return ask(c, NULL);
        return resolver_lookup(
                        c->tools->resolver,
                        &(ResolverName){ c->target.host, check_seen_family(family), c->timeout },
                        on_server, c, &c->lookup);
}

static int start(const CheckTools *tools, const CheckRequest *request, CheckKindDone done,
                 void *userdata, void **ret) {
        _cleanup_free_ DnsCheck *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        *c = (DnsCheck){ .tools = tools,
                         .spec = request->spec,
                         .started = now_boottime(),
                         .timeout = request->timeout,
                         .story = request->story,
                         .done = done,
                         .userdata = userdata };
        r = target_check(request->spec->url, &c->target, NULL);
        if (r < 0)
                return r;
        r = begin(c, request->family);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

static void cancel(void *running) {
        DnsCheck *c = running;

        resolver_lookup_cancel(c->lookup);
        resolver_query_cancel(c->query);
        free(c);
}

const CheckKind check_dns = {
        .name = "dns",
        .start = start,
        .cancel = cancel,
};
