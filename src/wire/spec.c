/* Check specifications; see spec.h. */
#include "wire/spec.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/assertion.h"

#define STATUS_MIN 100
#define STATUS_MAX 599

/* Members ------------------------------------------------------------------------------------- */

static const JsonField header_fields[] = {
        { "name", JSON_TEXT, .offset = offsetof(SpecHeader, name), .size = 128 },
        { "value", JSON_TEXT, .offset = offsetof(SpecHeader, value), .size = 1024 },
        {},
};

/* clang-format off */
#define MEMBER(m)    .offset = offsetof(Spec, m)
#define FIXED(m)     MEMBER(m), .size = sizeof(((Spec *)0)->m)
#define COMMON       { "type", JSON_STRING, FIXED(type) },                                         \
                     { "url", JSON_TEXT, MEMBER(url), .size = URL_MAX }
#define INVERT       { "invert", JSON_BOOL, true, MEMBER(invert) }
#define CERTIFICATE  { "certificateDays", JSON_NUMBER, true, MEMBER(certificate_days),             \
                       .min = 1, .max = 365 },                                                     \
                     { "tlsMin", JSON_STRING, true, FIXED(tls_min) }
#define ASSERTIONS   { "assertions", JSON_ARRAY, true, MEMBER(assertions),                         \
                       .size = sizeof(Assertion), .max = ASSERTIONS_MAX,                           \
                       .fields = assertion_fields }
#define HTTP(o)      INVERT,                                                                       \
                     { "method", JSON_STRING, o, FIXED(method) },                                  \
                     { "redirects", JSON_NUMBER, o, MEMBER(redirects),                             \
                       .max = SPEC_REDIRECTS_MAX },                                                \
                     { "status", JSON_STRING, o, FIXED(status) },                                  \
                     { "headers", JSON_ARRAY, true, MEMBER(headers), .size = sizeof(SpecHeader),   \
                       .max = SPEC_HEADERS_MAX, .fields = header_fields },                         \
                     { "body", JSON_TEXT, true, MEMBER(body), .size = SPEC_BODY_MAX },             \
                     ASSERTIONS, CERTIFICATE,                                                      \
                     { "httpVersion", JSON_STRING, true, FIXED(http_version) }
#define TCP          INVERT, { "send", JSON_TEXT, true, MEMBER(send), .size = SPEC_BODY_MAX },     \
                     { "expect", JSON_TEXT, true, MEMBER(expect), .size = SPEC_BODY_MAX }
#define TLS          INVERT, CERTIFICATE
#define DNS          INVERT, { "rcode", JSON_STRING, true, FIXED(rcode) }, ASSERTIONS
#define ICMP         INVERT,                                                                       \
                     { "count", JSON_NUMBER, true, MEMBER(count), .min = 1, .max = 10 },           \
                     { "lossMax", JSON_NUMBER, true, MEMBER(loss_max), .max = 99 }

static const JsonField
        http_fields[] = { COMMON, HTTP(false), {} }, http_options[] = { HTTP(true), {} },
        tcp_fields[] = { COMMON, TCP, {} }, tcp_options[] = { TCP, {} },
        tls_fields[] = { COMMON, TLS, {} }, tls_options[] = { TLS, {} },
        dns_fields[] = { COMMON, DNS, {} }, dns_options[] = { DNS, {} },
        icmp_fields[] = { COMMON, ICMP, {} }, icmp_options[] = { ICMP, {} },
        push_fields[] = { COMMON, {} }, push_options[] = { {} };
/* clang-format on */

static const struct {
        const JsonField *whole, *options;
} tables[_CHECK_TYPE_MAX] = {
        [CHECK_HTTP] = { http_fields, http_options }, [CHECK_TCP] = { tcp_fields, tcp_options },
        [CHECK_TLS] = { tls_fields, tls_options },    [CHECK_DNS] = { dns_fields, dns_options },
        [CHECK_ICMP] = { icmp_fields, icmp_options }, [CHECK_PUSH] = { push_fields, push_options },
};

/* The struct ----------------------------------------------------------------------------------- */

int spec_default(Spec *ret, const char *url) {
        Target target = { .type = CHECK_HTTP };
        Spec s = { .url = strdup(url) };

        if (!s.url)
                return -ENOMEM;
        (void)target_check(url, &target, NULL);
        memccpy(s.type, check_type_name(target.type), 0, sizeof(s.type));
        if (target.type == CHECK_HTTP) {
                memccpy(s.method, "GET", 0, sizeof(s.method));
                memccpy(s.status, "200-399", 0, sizeof(s.status));
                s.redirects = 5;
        }
        *ret = s;
        return 0;
}

/* Every member that is owned is in one of these tables, and only there. */
void spec_done(Spec *s) {
        for (int type = 0; type < _CHECK_TYPE_MAX; type++)
                json_done(tables[type].whole, s);
}

static int copy_text(char **ret, const char *text) {
        *ret = text ? strdup(text) : NULL;
        return text && !*ret ? -ENOMEM : 0;
}

static int new_items(JsonArray *ret, const JsonArray *from, size_t size) {
        *ret = (JsonArray){};
        if (!from->items)
                return 0;
        ret->items = calloc(MAX(from->n, 1U), size);
        ret->n = ret->items ? from->n : 0;
        return ret->items ? 0 : -ENOMEM;
}

static int copy_headers(JsonArray *ret, const JsonArray *from) {
        const SpecHeader *f = from->items;
        int r = new_items(ret, from, sizeof(SpecHeader));
        SpecHeader *h = ret->items;

        for (size_t i = 0; i < ret->n && r == 0; i++)
                r = copy_text(&h[i].name, f[i].name) ?: copy_text(&h[i].value, f[i].value);
        return r;
}

static int copy_assertions(JsonArray *ret, const JsonArray *from) {
        const Assertion *f = from->items;
        int r = new_items(ret, from, sizeof(Assertion));
        Assertion *a = ret->items;

        for (size_t i = 0; i < ret->n && r == 0; i++) {
                a[i] = f[i];
                a[i].property = a[i].value = NULL;
                r = copy_text(&a[i].property, f[i].property) ?: copy_text(&a[i].value, f[i].value);
        }
        return r;
}

int spec_copy(Spec *ret, const Spec *s) {
        Spec copy = *s;
        int r;

        copy.url = copy.body = copy.send = copy.expect = NULL;
        copy.headers = copy.assertions = (JsonArray){};
        r = copy_text(&copy.url, s->url) ?: copy_text(&copy.body, s->body);
        if (r == 0)
                r = copy_text(&copy.send, s->send) ?: copy_text(&copy.expect, s->expect);
        if (r == 0)
                r = copy_headers(&copy.headers, &s->headers);
        if (r == 0)
                r = copy_assertions(&copy.assertions, &s->assertions);
        if (r < 0) {
                spec_done(&copy);
                return r;
        }
        *ret = copy;
        return 0;
}

/* Values --------------------------------------------------------------------------------------- */

/* Three digits at *at within the limits; moves on. 0: not that. */
static unsigned read_status(const char **at) {
        unsigned value = 0;

        for (int i = 0; i < 3; i++) {
                if (**at < '0' || **at > '9')
                        return 0;
                value = value * 10 + (unsigned)(*(*at)++ - '0');
        }
        return value >= STATUS_MIN && value <= STATUS_MAX ? value : 0;
}

/* 1: status is in the set. 0: not in it. -EINVAL: this is no set. */
static int status_match(const char *set, unsigned status) {
        int found = 0;

        for (;;) {
                unsigned low = read_status(&set), high = low;

                if (*set == '-') {
                        set++;
                        high = read_status(&set);
                }
                if (low == 0 || high < low)
                        return -EINVAL;
                found = found || (status >= low && status <= high);
                if (*set == '\0')
                        return found;
                if (*set++ != ',')
                        return -EINVAL;
        }
}

bool spec_accepts_status(const Spec *s, unsigned status) {
        return status_match(s->status, status) > 0;
}

static bool is_one_of(const char *text, const char *const *list) {
        for (; *list; list++)
                if (strcmp(*list, text) == 0)
                        return true;
        return false;
}

#define IS_ONE_OF(text, ...) is_one_of(text, (const char *const[]){ __VA_ARGS__, NULL })

/* RFC 9110, and none that frames the message or says who asks: those are the client's. */
static const char *check_header(const SpecHeader *h) {
        static const char *const framing[] = {
                "connection", "content-length",    "expect",  "host",       "te",
                "trailer",    "transfer-encoding", "upgrade", "user-agent", NULL,
        };

        if (!assertion_is_header_name(h->name))
                return "this is no name of a header";
        for (const char *const *f = framing; *f; f++)
                if (strcasecmp(*f, h->name) == 0)
                        return "this header is not for a check to set";
        for (const char *c = h->value; *c; c++)
                if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
                        return "a header's value has no control characters";
        return NULL;
}

static const char *check_headers(const Spec *s) {
        const SpecHeader *h = s->headers.items;
        const char *error = NULL;

        for (size_t i = 0; i < s->headers.n && !error; i++)
                error = check_header(&h[i]);
        return error;
}

static const char *check_assertions(const Spec *s, bool dns) {
        const Assertion *a = s->assertions.items;
        const char *error = NULL;

        for (size_t i = 0; i < s->assertions.n; i++) {
                if (assertion_check(&a[i], &error) < 0)
                        return error;
                if ((assertion_source(&a[i]) == ASSERT_ANSWER) != dns)
                        return dns ? "a DNS check asserts answers"
                                   : "only a DNS check has answers to assert";
        }
        return NULL;
}

static bool asserts_body(const Spec *s) {
        const Assertion *a = s->assertions.items;

        for (size_t i = 0; i < s->assertions.n; i++)
                if (assertion_source(&a[i]) == ASSERT_BODY ||
                    assertion_source(&a[i]) == ASSERT_JSON)
                        return true;
        return false;
}

static const char *check_certificate(const Spec *s) {
        if (s->tls_min[0] && !IS_ONE_OF(s->tls_min, "1.2", "1.3"))
                return "the least version of TLS is 1.2 or 1.3";
        if (s->certificate_days < 0 || s->certificate_days > 365)
                return "certificateDays is 1 to 365";
        return NULL;
}

static const char *check_http(const Spec *s) {
        if (!IS_ONE_OF(s->method, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
                return "the method of a check is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS";
        if (s->body && IS_ONE_OF(s->method, "GET", "HEAD"))
                return "a check by the method GET or HEAD has no body";
        if (strcmp(s->method, "HEAD") == 0 && asserts_body(s))
                return "the answer to HEAD has no body to assert";
        if (s->redirects < 0 || s->redirects > SPEC_REDIRECTS_MAX)
                return "a check follows at most 10 redirects";
        if (status_match(s->status, 0) < 0)
                return "accepted status codes are written like 200-299,301";
        if (s->http_version[0] && !IS_ONE_OF(s->http_version, "1.1", "2"))
                return "the version of HTTP is 1.1 or 2";
        return check_headers(s) ?: check_assertions(s, false) ?: check_certificate(s);
}

static const char *check_dns(const Spec *s) {
        if (s->rcode[0] && !IS_ONE_OF(s->rcode, "NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"))
                return "an rcode is NOERROR, NXDOMAIN, SERVFAIL or REFUSED";
        return check_assertions(s, true);
}

static const char *check_options(const Spec *s, CheckType type) {
        switch (type) {
        case CHECK_HTTP:
                return check_http(s);
        case CHECK_TLS:
                return check_certificate(s);
        case CHECK_DNS:
                return check_dns(s);
        default:
                return NULL; /* of these the tables know all */
        }
}

static int spec_check(const Spec *s, CheckType type, const char **reason) {
        Target target;
        int r;

        r = target_check(s->url, &target, reason);
        if (r < 0)
                return r;
        *reason = target.type == type ? check_options(s, type)
                                      : "the URL is of another type of check";
        return *reason ? -EINVAL : 0;
}

/* What says the same by being missing is. Borrows all from s. */
static Spec without_defaults(const Spec *s) {
        Spec plain = *s;

        if (strcmp(plain.rcode, "NOERROR") == 0)
                plain.rcode[0] = '\0';
        if (plain.count == SPEC_ICMP_COUNT)
                plain.count = 0;
        if (plain.headers.n == 0)
                plain.headers.items = NULL;
        if (plain.assertions.n == 0)
                plain.assertions.items = NULL;
        return plain;
}

int spec_encode(const Spec *s, char **ret, const char **reason) {
        _cleanup_free_ char *text = NULL;
        int type = check_type_from_name(s->type), r;
        const char *unused;
        Spec plain;

        reason = reason ? reason : &unused;
        *reason = "this type of check is not known";
        if (type < 0)
                return -EINVAL;
        r = spec_check(s, (CheckType)type, reason);
        if (r < 0)
                return r;
        plain = without_defaults(s);
        r = json_write(tables[type].whole, &plain, &text);
        if (r < 0)
                return r;
        if (strlen(text) > SPEC_SIZE_MAX) {
                *reason = "a specification has at most 4096 bytes";
                return -EMSGSIZE;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

int spec_parse(const void *bytes, size_t n, Spec *ret, const char **reason) {
        char name[CHECK_TYPE_NAME_SIZE] = "";
        const char *unused;
        Spec s = {};
        int r, type;

        reason = reason ? reason : &unused;
        *reason = NULL;
        if (n > SPEC_SIZE_MAX)
                return -EMSGSIZE;
        r = json_peek_string(bytes, n, "type", name, sizeof(name));
        if (r == -EBADMSG || r == -ENOMEM)
                return r;
        type = check_type_from_name(name);
        if (type < 0) {
                *reason = "this type of check is not known";
                return -EINVAL;
        }
        r = json_read(bytes, n, tables[type].whole, &s, reason);
        if (r < 0)
                return r == -ENOBUFS ? -EINVAL : r;
        r = spec_check(&s, (CheckType)type, reason);
        if (r < 0) {
                spec_done(&s);
                return r;
        }
        *ret = s;
        return 0;
}

static int read_options(Spec *s, const char *options, const char **reason) {
        int type = check_type_from_name(s->type), r;

        *reason = NULL;
        r = json_read(options, strlen(options), tables[type].options, s, reason);
        return r == -EINVAL || r == -ENOBUFS ? -EBADMSG : r;
}

int spec_ask(const char *url, const char *options, char **ret, const char **reason) {
        _cleanup_free_ char *text = NULL, *plain = NULL;
        _cleanup_(spec_done) Spec s = {};
        int r;

        r = spec_default(&s, url);
        if (r == 0)
                r = spec_encode(&s, &plain, reason);
        if (r == 0 && options)
                r = read_options(&s, options, reason);
        if (r == 0)
                r = spec_encode(&s, &text, reason);
        if (r < 0)
                return r;
        if (strcmp(text, plain) == 0)
                text[0] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

static bool find_pattern_fault(const char *url, const char *options, PatternFault *ret) {
        _cleanup_(spec_done) Spec s = {};
        const Assertion *a;
        const char *unused;

        if (!options || spec_default(&s, url) < 0 || read_options(&s, options, &unused) < 0)
                return false;
        a = s.assertions.items;
        for (size_t i = 0; i < s.assertions.n; i++)
                if (assertion_pattern_fault(&a[i], ret))
                        return true;
        return false;
}

const char *spec_reason(const char *url, const char *options, const char *reason,
                        char ret[static SPEC_REASON_SIZE]) {
        PatternFault fault;

        if (find_pattern_fault(url, options, &fault))
                snprintf(ret, SPEC_REASON_SIZE, "%.60s: %s, at byte %zu", reason, fault.reason,
                         fault.offset);
        else
                snprintf(ret, SPEC_REASON_SIZE, "%s", reason);
        return ret;
}
