/* A hash of origins by a keyed hash of their text, in the order of their last use. A day over, the
 * old answer holds until there is a new one, so that only an origin's first check ever waits. */
#include "validator/optout.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "wire/target.h"

#define TIMEOUT  (2 * USEC_PER_SEC)
#define BODY_MAX 1024
#define KEEP     64
#define SPREAD   (6 * USEC_PER_HOUR) /* more than a day, so that origins are not asked at once */

typedef struct Origin {
        uint8_t id[crypto_shorthash_BYTES];
        OptOuts *outs;
        HttpCall *call; /* it is being asked */
        OptOutAsk *waiting;
        usec_t until; /* asked again after that */
        bool known, answering, out;
        UT_hash_handle hh;
} Origin;

struct OptOutAsk {
        Origin *origin;
        OptOutQuestion question;
        struct OptOutAsk *prev, *next;
};

struct OptOuts {
        OptOutsOptions options;
        uint8_t key[crypto_shorthash_KEYBYTES];
        Origin *origins; /* the one used last is the last one */
};

int opt_outs_new(OptOuts **ret, const OptOutsOptions *options) {
        OptOuts *o = calloc(1, sizeof(*o));

        if (!o)
                return -ENOMEM;
        o->options = *options;
        crypto_shorthash_keygen(o->key);
        *ret = o;
        return 0;
}

static void forget(Origin *x) {
        HASH_DEL(x->outs->origins, x);
        http_call_cancel(x->call);
        while (x->waiting)
                opt_out_cancel(x->waiting);
        free(x);
}

OptOuts *opt_outs_free(OptOuts *o) {
        if (!o)
                return NULL;
        while (o->origins)
                forget(o->origins);
        free(o);
        return NULL;
}

size_t opt_outs_count(const OptOuts *o) {
        return HASH_COUNT(o->origins);
}

OptOutAsk *opt_out_cancel(OptOutAsk *a) {
        if (!a)
                return NULL;
        DL_DELETE(a->origin->waiting, a);
        free(a);
        return NULL;
}

/* Answers -------------------------------------------------------------------------------------- */

/* "dpin-optout" alone on the first line; how it ends is nobody's business. */
static bool says_no(const HttpResult *r) {
        const size_t n = strlen(OPT_OUT_LINE);
        const char *body = r->body;

        if (r->status != 200 || r->kept_n < n || memcmp(body, OPT_OUT_LINE, n) != 0)
                return false;
        return r->kept_n == n || body[n] == '\n' || body[n] == '\r';
}

/* Its own rules, or want of memory, kept this machine from asking. */
static bool was_not_asked(const HttpResult *r) {
        return r->error == HTTP_BLOCKED || r->error == HTTP_INTERNAL;
}

/* A callback may cancel others that wait, and ask anew. */
static void on_answered(const HttpResult *r, void *userdata) {
        Origin *x = userdata;
        OptOutAsk *a;

        x->call = NULL;
        x->answering = true;
        if (was_not_asked(r))
                x->until = 0;
        else
                x->known = true;
        if (r->error == HTTP_OK) /* without an answer what it said before holds on */
                x->out = says_no(r);
        while ((a = x->waiting)) {
                OptOutQuestion q = a->question;

                opt_out_cancel(a);
                q.done(x->out, q.userdata);
        }
        x->answering = false;
}

int opt_out_user_agent(char **ret, const char *contact_url) {
        if (asprintf(ret, "dpin/%s (%s%s%suptime check by volunteers; opt out: %s)", DPIN_VERSION,
                     contact_url ? "+" : "", contact_url ? contact_url : "",
                     contact_url ? "; " : "", OPT_OUT_PATH) < 0)
                return -ENOMEM;
        return 0;
}

/* Questions ------------------------------------------------------------------------------------ */

/* The length of scheme and authority; 0: there are none. */
static size_t origin_length(const char *url) {
        size_t scheme = strncasecmp(url, "http://", 7) == 0    ? 7
                        : strncasecmp(url, "https://", 8) == 0 ? 8
                                                               : 0;

        return scheme > 0 ? scheme + strcspn(url + scheme, "/?#") : 0;
}

/* Of checks that are none of HTTP that of their host's website; false: they ask nobody's machine.
 */
static bool find_host_origin(const char *url, char ret[static URL_MAX]) {
        const char *v6;
        Target t;

        if (target_check(url, &t, NULL) < 0 ||
            (t.type != CHECK_TCP && t.type != CHECK_TLS && t.type != CHECK_ICMP))
                return false;
        v6 = strchr(t.host, ':');
        snprintf(ret, URL_MAX, "%s://%s%s%s", t.type == CHECK_TLS ? "https" : "http", v6 ? "[" : "",
                 t.host, v6 ? "]" : "");
        return true;
}

static bool find_origin(const char *url, char ret[static URL_MAX]) {
        size_t n = origin_length(url);

        if (n == 0)
                return find_host_origin(url, ret);
        if (n >= URL_MAX)
                return false;
        memcpy(ret, url, n);
        ret[n] = '\0';
        return true;
}

/* An address of a network that the owner named: his own, and nobody's to ask. */
static bool is_own(const OptOuts *o, const char *url) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        const Guard *guard = o->options.connect->guard;
        UrlParts parts;

        if (url_check(url, &parts, NULL) < 0)
                return false;
        if (inet_pton(AF_INET, parts.host, &v4.sin_addr) == 1)
                return guard_is_named(guard, (const struct sockaddr *)&v4);
        return inet_pton(AF_INET6, parts.host, &v6.sin6_addr) == 1 &&
               guard_is_named(guard, (const struct sockaddr *)&v6);
}

static void ask_origin(Origin *x, const char *origin, usec_t now) {
        static const char *const headers[] = { "Accept: text/plain", NULL };
        const OptOutsOptions *o = &x->outs->options;
        char where[URL_MAX + sizeof(OPT_OUT_PATH)];

        x->until = now + USEC_PER_DAY + randombytes_random() * SPREAD / UINT32_MAX;
        if (is_own(x->outs, origin))
                return;
        snprintf(where, sizeof(where), "%s%s", origin, OPT_OUT_PATH);
        if (http_start(o->http,
                       &(HttpRequest){ .url = where,
                                       .headers = headers,
                                       .timeout = TIMEOUT,
                                       .body_max = BODY_MAX,
                                       .keep_max = KEEP,
                                       .user_agent = o->user_agent,
                                       .ca_file = o->ca_file,
                                       .guard = connect_allowed,
                                       .guard_userdata = (void *)o->connect },
                       on_answered, x, &x->call) < 0)
                x->until = 0;
}

static void make_room(OptOuts *o) {
        Origin *x, *next;

        if (HASH_COUNT(o->origins) < o->options.origins_max)
                return;
        HASH_ITER(hh, o->origins, x, next) {
                if (x->waiting || x->answering)
                        continue;
                forget(x);
                return;
        }
}

/* Becomes the one used last. */
static Origin *find(OptOuts *o, const char *origin) {
        uint8_t id[crypto_shorthash_BYTES];
        Origin *x;

        crypto_shorthash(id, (const uint8_t *)origin, strlen(origin), o->key);
        HASH_FIND(hh, o->origins, id, sizeof(id), x);
        if (x) {
                HASH_DEL(o->origins, x);
        } else {
                make_room(o);
                x = calloc(1, sizeof(*x));
                if (!x)
                        return NULL;
                memcpy(x->id, id, sizeof(id));
                x->outs = o;
        }
        HASH_ADD(hh, o->origins, id, sizeof(x->id), x);
        return x;
}

static int wait_for(Origin *x, const OptOutQuestion *q, OptOutAsk **ret) {
        OptOutAsk *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        *a = (OptOutAsk){ .origin = x, .question = *q };
        DL_APPEND(x->waiting, a);
        *ret = a;
        return OPT_OUT_ASKED;
}

int opt_outs_ask(OptOuts *o, const OptOutQuestion *q, OptOutAsk **ret) {
        char origin[URL_MAX];
        Origin *x;

        if (!find_origin(q->url, origin))
                return OPT_OUT_NO;
        x = find(o, origin);
        if (!x)
                return -ENOMEM;
        if (!x->call && !x->answering && x->until <= q->now)
                ask_origin(x, origin, q->now);
        if (x->call && !x->known)
                return wait_for(x, q, ret);
        return x->out ? OPT_OUT_YES : OPT_OUT_NO;
}
