/* One transfer, which is a request without its redirects: the options that make it independent of
 * every other one, the bytes as they come, and its measures at the end. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "event/http-internal.h"

#define HEADER_MAX        (64u * 1024)
#define DNS_CACHE_SECONDS 60L

/* A transfer that waits holds both. A page comes in a few reads more; the latter is the least that
 * the library takes, and a request over TLS needs one. */
#define BUFFER_SIZE (3L * 1024)
#define UPLOAD_SIZE (16L * 1024)

static bool is_redirect(unsigned status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static unsigned get_status(const HttpCall *c) {
        long status = 0;

        (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
        return status >= 200 && status <= 999 ? (unsigned)status : 0;
}

const char *http_transfer_location(const HttpCall *c) {
        struct curl_header *h;

        if (c->request.redirects_max == 0 || !is_redirect(get_status(c)) ||
            curl_easy_header(c->easy, "Location", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
                return NULL;
        return h->value;
}

static curl_socket_t on_open_socket(void *userdata, curlsocktype purpose _unused_,
                                    struct curl_sockaddr *a) {
        HttpCall *c = userdata;
        int fd;

        if (c->request.guard &&
            !c->request.guard(&a->addr, a->addrlen, c->request.guard_userdata)) {
                c->outcome.blocked = true;
                return CURL_SOCKET_BAD;
        }

        c->outcome.tried = true;
        if (a->addrlen <= sizeof(c->result.address))
                memcpy(&c->result.address, &a->addr, a->addrlen);
        fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
        if (fd < 0 && errno != EAFNOSUPPORT) /* which is no way to it */
                c->outcome.no_socket = true;
        return fd;
}

/* From its status line to the empty one; what comes behind a body is no part of it. */
static void note_header(HttpOutcome *o, const char *line, size_t n) {
        if (n >= 5 && memcmp(line, "HTTP/", 5) == 0)
                o->header_open = true;
        else if (*line == '\r' || *line == '\n')
                o->header_open = false;
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata) {
        HttpCall *c = userdata;

        n *= size;
        c->header_n += n;
        note_header(&c->outcome, data, n);
        if (c->header_n > HEADER_MAX) {
                c->outcome.header_too_large = true;
                return 0;
        }
        return c->request.keep_headers && http_head_add(&c->head, data, n) < 0 ? 0 : n;
}

static int keep(HttpCall *c, const void *data, size_t n) {
        uint8_t *kept;

        n = MIN(n, c->request.keep_max - c->result.kept_n);
        if (n == 0)
                return 0;

        kept = realloc(c->kept, c->result.kept_n + n);
        if (!kept)
                return -ENOMEM;
        c->kept = kept;
        memcpy(c->kept + c->result.kept_n, data, n);
        c->result.kept_n += n;
        return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata) {
        HttpCall *c = userdata;
        size_t room = c->request.body_max - c->result.body_n, used;

        if (http_transfer_location(c)) { /* nobody reads the body of a redirect */
                c->outcome.cut = true;
                return 0;
        }

        n *= size;
        used = MIN(n, room);
        sha256_add(&c->hash, data, used);
        if (keep(c, data, used) < 0)
                return 0;
        c->result.body_n += used;
        if (used == n)
                return n;

        c->result.truncated = c->outcome.cut = true;
        return 0;
}

/* Says what is wanted, not who wants it. A key may have any name, so all others are secret. */
static bool is_public_header(const char *line) {
        static const char *const names[] = { "Accept",        "Accept-Encoding", "Accept-Language",
                                             "Cache-Control", "Content-Type",    "Pragma",
                                             "Range",         "User-Agent" };
        size_t n = strcspn(line, ":;");

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strlen(names[i]) == n && strncasecmp(line, names[i], n) == 0)
                        return true;
        return false;
}

/* Whether what was meant for the first server may be told to this one. */
static bool is_same_origin(const HttpCall *c) {
        return c->target == c->first || strcmp(c->target->origin, c->first->origin) == 0;
}

static int add_header(HttpCall *c, const char *line) {
        struct curl_slist *list = curl_slist_append(c->header_list, line);

        if (!list)
                return -ENOMEM;
        c->header_list = list;
        return 0;
}

static int build_headers(HttpCall *c) {
        bool same = is_same_origin(c);

        curl_slist_free_all(c->header_list);
        c->header_list = NULL;
        if (c->body && add_header(c, "Expect:") < 0) /* else it waits a second */
                return -ENOMEM;
        if (c->user_agent && add_header(c, c->user_agent) < 0)
                return -ENOMEM;
        for (char **h = c->headers; *h; h++)
                if ((same || is_public_header(*h)) && add_header(c, *h) < 0)
                        return -ENOMEM;
        return 0;
}

/* The return values of the setters below are not looked at: they fail for lack of memory only, and
 * then the transfer does. Each option is in one of three places: what all transfers have in common
 * a handle has from its beginning, what each has of its own each sets, and what only some have is
 * reset with the handle before another uses it. */
static void set_isolation(CURL *e) {
        curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
        curl_easy_setopt(e, CURLOPT_PROXY, "");    /* the environment's would bypass the guard */
        curl_easy_setopt(e, CURLOPT_NOPROXY, "*"); /* which is not even asked, then */
        curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_SECONDS);
        curl_easy_setopt(e, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
        curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_SIZE);
        curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* else a slow resolver is waited for */
}

static void set_verification(CURL *e) {
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL); /* else the store is parsed for each request */
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
}

/* The library tells when it was connected only after the TLS handshake, so of one that fails it
 * would not be known. */
static CURLcode on_handshake(CURL *easy _unused_, void *context, void *userdata) {
        HttpCall *c = userdata;

        c->handshake = now_boottime();
        http_tls_watch(c, context);
        return CURLE_OK;
}

static void set_functions(CURL *e, HttpPoll *poll) {
        curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
        curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, http_poll_close);
        curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, poll);
        curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_handshake);
        curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
}

void http_transfer_common(CURL *e, HttpPoll *poll) {
        set_isolation(e);
        set_verification(e);
        set_functions(e, poll);
        curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
}

/* Whose the transfer is; NULL: nobody's any more. */
static void set_call(CURL *e, HttpCall *c) {
        curl_easy_setopt(e, CURLOPT_PRIVATE, c);
        curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c ? c->error : NULL);
        curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
        curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
        curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
        curl_easy_setopt(e, CURLOPT_HTTPHEADER, c ? c->header_list : NULL);
        curl_easy_setopt(e, CURLOPT_CURLU, c ? c->target->parsed : NULL);
}

static void set_tls(HttpCall *c) {
        if (!c->target->tls)
                return;
        if (c->trust)
                curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->trust);
        curl_easy_setopt(c->easy, CURLOPT_SSL_CTX_DATA, c);
        http_tls_prepare(c);
}

static void set_version(HttpCall *c) {
        long version = c->target->tls ? CURL_HTTP_VERSION_2TLS
                                      : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;

        if (c->request.version == HTTP_VERSION_2)
                curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, version);
}

static bool is_get(const HttpCall *c) {
        return !c->request.connect_only && !c->body && strcmp(c->method, "GET") == 0;
}

static void set_method(HttpCall *c) {
        if (is_get(c))
                return;
        if (c->request.connect_only) {
                curl_easy_setopt(c->easy, CURLOPT_CONNECT_ONLY, 1L);
                return;
        }
        if (strcmp(c->method, "HEAD") == 0) {
                curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
                return;
        }
        if (c->body || strcmp(c->method, "POST") == 0) {
                curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t)c->request.body_n);
                curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body ? c->body : "");
        }
        curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, c->method);
}

/* What is sent as one write has no use for it. */
static void set_delay(HttpCall *c) {
        bool one_write = !c->body && !c->target->tls && c->request.version != HTTP_VERSION_2;

        curl_easy_setopt(c->easy, CURLOPT_TCP_NODELAY, one_write ? 0L : 1L);
}

static void set_target(HttpCall *c, usec_t now) {
        static const long families[] = { CURL_IPRESOLVE_WHATEVER, CURL_IPRESOLVE_V4,
                                         CURL_IPRESOLVE_V6 };
        usec_t left = c->deadline > now ? c->deadline - now : 0;
        long milliseconds = (long)MAX((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC, (usec_t)1);

        curl_easy_setopt(c->easy, CURLOPT_URL, c->target->text); /* else it is written anew */
        curl_easy_setopt(c->easy, CURLOPT_IPRESOLVE,
                         families[c->request.family == AF_INET    ? 1
                                  : c->request.family == AF_INET6 ? 2
                                                                  : 0]);
        curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, milliseconds);
        curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
}

/* Every option that is of its own, whatever the handle's transfer before was. */
static void set_own(HttpCall *c, usec_t now) {
        set_call(c->easy, c);
        set_delay(c);
        set_target(c, now);
        http_resolve_prepare(c);
}

/* And those that only some have. */
static void set_special(HttpCall *c) {
        set_tls(c);
        set_version(c);
        set_method(c);
}

/* It has set nothing but its own, and the library had nothing to complain about. */
static bool is_ordinary(const HttpCall *c) {
        return is_get(c) && !c->target->tls && c->request.version == HTTP_VERSION_1_1 &&
               !c->result.redirected && c->outcome.code == CURLE_OK;
}

void http_transfer_clear(HttpCall *c) {
        if (c->measured && is_ordinary(c)) {
                set_call(c->easy, NULL);
                return;
        }
        curl_easy_reset(c->easy);
        http_transfer_common(c->easy, c->client->poll);
}

int http_transfer_prepare(HttpCall *c, usec_t now) {
        int r;

        r = build_headers(c);
        if (r < 0)
                return r;

        c->started = now;
        c->handshake = 0;
        http_tls_forget(c);
        c->header_n = c->head.n = 0;
        c->error[0] = '\0';
        c->outcome = (HttpOutcome){ 0 };
        c->result.body_n = c->result.kept_n = 0;
        c->result.truncated = false;
        c->result.status = 0;
        sha256_begin(&c->hash);

        if (c->result.redirected)
                http_transfer_clear(c);
        c->measured = false;
        set_own(c, now);
        set_special(c);
        return 0;
}

static usec_t get_mark(CURL *e, CURLINFO info) {
        curl_off_t mark = 0;

        return curl_easy_getinfo(e, info, &mark) == CURLE_OK && mark > 0 ? (usec_t)mark : 0;
}

/* Marks count from the start of the transfer; the first one missing is the phase it ended in. */
static void measure_phases(HttpCall *c, usec_t now) {
        usec_t marks[_HTTP_PHASE_MAX] = {
                [HTTP_PHASE_DNS] = get_mark(c->easy, CURLINFO_NAMELOOKUP_TIME_T),
                [HTTP_PHASE_CONNECT] = get_mark(c->easy, CURLINFO_CONNECT_TIME_T),
                [HTTP_PHASE_TLS] = get_mark(c->easy, c->target->tls ? CURLINFO_APPCONNECT_TIME_T
                                                                    : CURLINFO_CONNECT_TIME_T),
                [HTTP_PHASE_WAIT] = get_mark(c->easy, CURLINFO_STARTTRANSFER_TIME_T),
        };
        usec_t before = 0, total = now > c->started ? now - c->started : 0;
        HttpPhase p = http_resolve_is_done(c) ? HTTP_PHASE_CONNECT : HTTP_PHASE_DNS;

        if (marks[HTTP_PHASE_CONNECT] == 0 && c->handshake > c->started)
                marks[HTTP_PHASE_CONNECT] = c->handshake - c->started;
        if (c->outcome.code == CURLE_OK)
                total = get_mark(c->easy, CURLINFO_TOTAL_TIME_T);

        for (; p < HTTP_PHASE_TRANSFER && marks[p] > 0; p++) {
                c->result.phase[p] += marks[p] > before ? marks[p] - before : 0;
                before = MAX(marks[p], before);
        }
        c->result.phase[p] += total > before ? total - before : 0;
        c->outcome.reached = p;
}

static void measure_address(HttpCall *c) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&c->result.address;
        struct sockaddr_in *v4 = (struct sockaddr_in *)&c->result.address;
        struct sockaddr_storage empty = { .ss_family = AF_UNSPEC };
        char *text = NULL;
        long port = 0;

        if (curl_easy_getinfo(c->easy, CURLINFO_PRIMARY_IP, &text) != CURLE_OK || !text || !*text)
                return; /* stays the last one tried */

        (void)curl_easy_getinfo(c->easy, CURLINFO_PRIMARY_PORT, &port);
        c->result.address = empty;
        if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons((uint16_t)port);
        } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
                v6->sin6_family = AF_INET6;
                v6->sin6_port = htons((uint16_t)port);
        }
}

/* Of a stream that the server broke off the library says so; of one that it could send no more on,
 * nothing. Since 8.1 that is no error to it. */
static bool is_answered(const HttpCall *c) {
        return c->request.body_n > 0 && c->result.status > 0 && !c->outcome.header_open &&
               !c->error[0];
}

static bool is_other_version(const HttpCall *c) {
        long version = 0;

        (void)curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &version);
        return c->request.version == HTTP_VERSION_2 && version != CURL_HTTP_VERSION_2_0;
}

void http_transfer_measure(HttpCall *c, CURLcode code, usec_t now) {
        long os_errno = 0;

        (void)curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os_errno);
        (void)curl_easy_getinfo(c->easy, CURLINFO_SSL_VERIFYRESULT, &c->outcome.verify_result);
        c->outcome.code = code;
        c->outcome.os_errno = c->outcome.tried ? (int)os_errno : 0; /* else of an earlier one */
        c->result.status = get_status(c);
        c->outcome.other_version = c->result.status > 0 && is_other_version(c);
        c->outcome.answered = is_answered(c);
        c->outcome.malformed = strstr(c->error, "chunk") != NULL;
        measure_phases(c, now);
        measure_address(c);
        c->measured = true;
        sha256_end(&c->hash, c->result.body_sha256);
}
