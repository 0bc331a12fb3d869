/* One line after the other; what a line was is forgotten, but for what the end has to know. */
#include "event/httpd-head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"

#define METHOD_MAX        32u
#define LENGTH_DIGITS_MAX 18u /* fits an int64_t whatever they are */

#define TOKEN "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define HOST  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~%!$&'()*+,;=:[]"

#define REFUSAL(name, s, c, d)                                                                     \
        static const HttpdRefusal name = { .status = s, .code = c, .detail = d }

REFUSAL(bad_line, 400, "request_line", "The request line is METHOD, target and HTTP/1.1.");
REFUSAL(bad_target, 400, "target", "The target is a path, or a URL of http or https.");
REFUSAL(long_target, 414, "target_too_long", "The target is longer than 8000 characters.");
REFUSAL(no_tunnel, 501, "connect", "There are no tunnels here.");
REFUSAL(bad_version, 505, "version", "The versions of HTTP here are 1.1 and 1.0.");
REFUSAL(bad_end, 400, "line_end", "Lines of a head end with CR LF.");
REFUSAL(bad_fold, 400, "folded_field", "A field has one line.");
REFUSAL(bad_field, 400, "field", "A field is NAME: VALUE, without control characters.");
REFUSAL(long_head, 431, "head_too_large", "The head is larger than 16 KiB.");
REFUSAL(many_fields, 431, "too_many_fields", "There are more than 100 fields.");
REFUSAL(no_host, 400, "host_missing", "The field Host is missing.");
REFUSAL(two_hosts, 400, "host_twice", "There is more than one field Host.");
REFUSAL(bad_host, 400, "host", "The field Host is no host, or not that of the target.");
REFUSAL(two_lengths, 400, "length_twice", "There is more than one Content-Length.");
REFUSAL(bad_length, 400, "length", "The Content-Length is no number.");
REFUSAL(long_length, 413, "body_too_long", "The Content-Length is beyond all limits.");
REFUSAL(two_framings, 400, "length_and_coding",
        "Content-Length and Transfer-Encoding exclude each other.");
REFUSAL(no_length, 411, "length_missing", "A body needs a Content-Length.");
REFUSAL(bad_coding, 501, "transfer_coding", "No transfer coding is known here.");
REFUSAL(two_tokens, 400, "authorization_twice", "There is more than one field Authorization.");
REFUSAL(bad_expectation, 417, "expectation", "The only expectation is 100-continue.");

static bool only(const HttpdText *t, const char *allowed) {
        for (size_t i = 0; i < t->n; i++)
                if (!t->at[i] || !strchr(allowed, t->at[i]))
                        return false;
        return true;
}

static bool is_text(const HttpdText *t, const char *text) {
        return t->n == strlen(text) && memcmp(t->at, text, t->n) == 0;
}

static bool is_name(const HttpdText *t, const char *name) {
        return t->n == strlen(name) && strncasecmp(t->at, name, t->n) == 0;
}

/* The request line ----------------------------------------------------------------------------- */

static bool is_visible(const HttpdText *t) {
        for (size_t i = 0; i < t->n; i++) {
                unsigned char c = (unsigned char)t->at[i];

                if (c <= ' ' || c >= 0x7f || c == '#')
                        return false;
        }
        return true;
}

/* The length of "http://", "https://"; 0: it is none of these. */
static size_t scheme_of(const char *target, size_t n) {
        if (n > 7 && strncasecmp(target, "http://", 7) == 0)
                return 7;
        return n > 8 && strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
}

const HttpdRefusal *httpd_head_target(HttpdHead *h, const HttpdText *target) {
        size_t scheme = scheme_of(target->at, target->n), n = scheme;

        if (target->n > HTTPD_TARGET_MAX)
                return &long_target;
        if (target->n == 0 || !is_visible(target))
                return &bad_target;
        h->is_asterisk = is_text(target, "*");
        if (target->at[0] == '/' || h->is_asterisk)
                return NULL;
        while (n < target->n && target->at[n] != '/' && target->at[n] != '?')
                n++;
        h->authority = (HttpdText){ target->at + scheme, n - scheme };
        return scheme > 0 && n > scheme && only(&h->authority, HOST) ? NULL : &bad_target;
}

static const HttpdRefusal *check_version(HttpdHead *h, const HttpdText *version) {
        static const char digits[] = "0123456789";

        h->http_1_0 = is_text(version, "HTTP/1.0");
        if (h->http_1_0 || is_text(version, "HTTP/1.1"))
                return NULL;
        if (version->n == 8 && memcmp(version->at, "HTTP/", 5) == 0 &&
            memchr(digits, version->at[5], 10) && version->at[6] == '.' &&
            memchr(digits, version->at[7], 10))
                return &bad_version;
        return &bad_line;
}

const HttpdRefusal *httpd_head_line(HttpdHead *h, const HttpdText *method,
                                    const HttpdText *version) {
        const HttpdRefusal *refusal;

        if (method->n == 0 || method->n > METHOD_MAX || !only(method, TOKEN))
                return &bad_line;
        h->begun = true;
        h->is_head = is_text(method, "HEAD");
        refusal = check_version(h, version);
        if (refusal)
                return refusal;
        if (is_text(method, "CONNECT"))
                return &no_tunnel;
        return h->is_asterisk && !is_text(method, "OPTIONS") ? &bad_target : NULL;
}

const char *httpd_target_path(const char *target) {
        size_t scheme = scheme_of(target, strlen(target));

        if (scheme == 0)
                return target;
        target += scheme + strcspn(target + scheme, "/");
        return *target ? target : "/";
}

/* Fields --------------------------------------------------------------------------------------- */

static const HttpdRefusal *read_host(HttpdHead *h, const HttpdText *value) {
        if (h->has_host)
                return &two_hosts;
        h->has_host = true;
        if (value->n == 0 || !only(value, HOST))
                return &bad_host;
        if (h->authority.n > 0 &&
            (h->authority.n != value->n || strncasecmp(h->authority.at, value->at, value->n) != 0))
                return &bad_host;
        return NULL;
}

static const HttpdRefusal *read_length(HttpdHead *h, const HttpdText *value) {
        if (h->has_length)
                return &two_lengths;
        h->has_length = true;
        if (value->n == 0 || !only(value, "0123456789"))
                return &bad_length;
        if (value->n > LENGTH_DIGITS_MAX)
                return &long_length;
        h->length = 0;
        for (size_t i = 0; i < value->n; i++)
                h->length = h->length * 10 + (uint64_t)(value->at[i] - '0');
        return NULL;
}

static const HttpdRefusal *read_coding(HttpdHead *h, const HttpdText *value) {
        h->is_chunked = !h->has_coding && is_name(value, "chunked");
        h->has_coding = true;
        return NULL;
}

static const HttpdRefusal *read_authorization(HttpdHead *h, const HttpdText *value _unused_) {
        if (h->has_authorization)
                return &two_tokens;
        h->has_authorization = true;
        return NULL;
}

static const HttpdRefusal *read_expectation(HttpdHead *h _unused_, const HttpdText *value) {
        return is_name(value, "100-continue") ? NULL : &bad_expectation;
}

static const struct {
        const char *name;
        const HttpdRefusal *(*read)(HttpdHead *h, const HttpdText *value);
} known_fields[] = {
        { "Authorization", read_authorization }, { "Content-Length", read_length },
        { "Expect", read_expectation },          { "Host", read_host },
        { "Transfer-Encoding", read_coding },
};

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

static HttpdText trimmed(HttpdText t) {
        while (t.n > 0 && is_blank(t.at[0])) {
                t.at++;
                t.n--;
        }
        while (t.n > 0 && is_blank(t.at[t.n - 1]))
                t.n--;
        return t;
}

static bool is_value(const HttpdText *t) {
        for (size_t i = 0; i < t->n; i++) {
                unsigned char c = (unsigned char)t->at[i];

                if ((c < ' ' && c != '\t') || c == 0x7f)
                        return false;
        }
        return true;
}

const HttpdRefusal *httpd_head_field(HttpdHead *h, const HttpdText *name, const HttpdText *value) {
        HttpdText v = trimmed(*value);

        if (name->n == 0 || !only(name, TOKEN) || !is_value(&v))
                return &bad_field;
        if (++h->fields > HTTPD_FIELDS_MAX)
                return &many_fields;
        for (size_t i = 0; i < ELEMENTSOF(known_fields); i++)
                if (is_name(name, known_fields[i].name))
                        return known_fields[i].read(h, &v);
        return NULL;
}

const HttpdRefusal *httpd_head_end(const HttpdHead *h, size_t bytes) {
        if (bytes > HTTPD_HEAD_MAX)
                return &long_head;
        if (!h->has_host && !h->http_1_0)
                return &no_host;
        if (!h->has_coding)
                return NULL;
        if (h->has_length || h->http_1_0)
                return &two_framings;
        return h->is_chunked ? &no_length : &bad_coding;
}

/* Raw bytes ------------------------------------------------------------------------------------ */

static const HttpdRefusal *scan_request_line(HttpdHead *h, const HttpdText *line) {
        const char *end = line->at + line->n, *first, *last;
        const HttpdRefusal *of_target, *of_line;
        HttpdText method, target, version;

        first = memchr(line->at, ' ', line->n);
        last = memrchr(line->at, ' ', line->n);
        if (!first || first == last)
                return &bad_line;
        method = (HttpdText){ line->at, (size_t)(first - line->at) };
        target = (HttpdText){ first + 1, (size_t)(last - first - 1) };
        version = (HttpdText){ last + 1, (size_t)(end - last - 1) };
        of_target = httpd_head_target(h, &target);
        of_line = httpd_head_line(h, &method, &version);
        return of_line ? of_line : of_target;
}

static const HttpdRefusal *scan_field(HttpdHead *h, const HttpdText *line) {
        const char *colon = memchr(line->at, ':', line->n);
        HttpdText name, value;

        if (is_blank(line->at[0]))
                return &bad_fold;
        if (!colon)
                return &bad_field;
        name = (HttpdText){ line->at, (size_t)(colon - line->at) };
        value = (HttpdText){ colon + 1, line->n - name.n - 1 };
        return httpd_head_field(h, &name, &value);
}

/* What is no line yet is refused when no line can come of it: such clients wait for an answer. */
static const HttpdRefusal *scan_rest(const HttpdHead *h, const char *at, size_t n) {
        HttpdText rest = { at, n > 0 && at[n - 1] == '\r' ? n - 1 : n };

        if (!is_value(&rest))
                return h->begun ? &bad_field : &bad_line;
        if (n > HTTPD_TARGET_MAX + METHOD_MAX + sizeof(" HTTP/1.1 ") && !h->begun)
                return &long_target;
        return NULL;
}

/* 1: that was the end. 0: go on. -EBADMSG. */
static int scan_line(HttpdHead *h, const HttpdText *line, const HttpdRefusal **ret) {
        if (line->n > 0)
                *ret = h->begun ? scan_field(h, line) : scan_request_line(h, line);
        else if (h->begun)
                *ret = httpd_head_end(h, h->scanned + 2);
        else if (h->scanned > 0)
                *ret = &bad_line; /* one empty line may come before a request */
        if (*ret)
                return -EBADMSG;
        return line->n == 0 && h->begun;
}

int httpd_head_scan(HttpdHead *h, const char *bytes, size_t n, const HttpdRefusal **ret) {
        const char *end;
        int r = 0;

        *ret = NULL;
        while (r == 0 && (end = memchr(bytes + h->scanned, '\n', n - h->scanned))) {
                HttpdText line = { bytes + h->scanned, (size_t)(end - bytes) - h->scanned };

                if (line.n == 0 || line.at[line.n - 1] != '\r')
                        *ret = &bad_end;
                else if ((size_t)(end - bytes) >= HTTPD_HEAD_MAX)
                        *ret = h->begun ? &long_head : &long_target;
                if (*ret)
                        return -EBADMSG;
                line.n--;
                r = scan_line(h, &line, ret);
                h->scanned = (size_t)(end - bytes) + 1;
        }
        if (r != 0)
                return r < 0 ? r : (int)h->scanned;
        *ret = n > HTTPD_HEAD_MAX ? &long_head : scan_rest(h, bytes + h->scanned, n - h->scanned);
        return *ret ? -EBADMSG : 0;
}
