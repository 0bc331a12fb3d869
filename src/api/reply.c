/* Every answer of the API leaves through here. Tokens make answers personal, so none may be stored
 * by a cache on the way; ETags serve clients that poll. */
#include "api/reply.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"

#define HEADER_SIZE 512

#define NOSNIFF  "X-Content-Type-Options: nosniff"
#define REFERRER "Referrer-Policy: no-referrer"
#define RESOURCE "Cross-Origin-Resource-Policy: same-origin"
#define NO_STORE "Cache-Control: no-store"
#define NO_PAGE  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"

/* What the dashboard may do in a browser: nothing but itself. */
#define PAGE                                                                                       \
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self';"        \
        " connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none';"          \
        " frame-ancestors 'none'"

/* What a page with a form may do: send that form. */
#define FORM                                                                                       \
        "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'self';"        \
        " frame-ancestors 'none'"
#define NO_INDEX "X-Robots-Tag: noindex, nofollow"

static const char *status_title(unsigned status) {
        static const struct {
                unsigned status;
                const char *title;
        } titles[] = {
                { 400, "Bad Request" },
                { 401, "Unauthorized" },
                { 403, "Forbidden" },
                { 404, "Not Found" },
                { 405, "Method Not Allowed" },
                { 409, "Conflict" },
                { 422, "Unprocessable Content" },
                { 500, "Internal Server Error" },
                { 503, "Service Unavailable" },
        };

        for (size_t i = 0; i < ELEMENTSOF(titles); i++)
                if (titles[i].status == status)
                        return titles[i].title;
        return "Error";
}

int problem_write(const Problem *p, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;

        json_writer_open_object(w, NULL);
        json_writer_string(w, "type", "about:blank");
        json_writer_string(w, "title", status_title(p->status));
        json_writer_number(w, "status", p->status);
        if (p->detail)
                json_writer_string(w, "detail", p->detail);
        if (p->pointer) {
                json_writer_open_array(w, "errors");
                json_writer_open_object(w, NULL);
                json_writer_string(w, "pointer", p->pointer);
                json_writer_string(w, "detail", p->detail ? p->detail : "is not valid");
                json_writer_close(w);
                json_writer_close(w);
        }
        json_writer_close(w);
        return json_writer_take(w, ret);
}

char *etag_make(const void *data, size_t n, char ret[static ETAG_SIZE]) {
        uint8_t hash[crypto_generichash_BYTES];
        char text[BASE64URL_SIZE(18)];

        crypto_generichash(hash, sizeof(hash), data, n, NULL, 0);
        snprintf(ret, ETAG_SIZE, "\"%s\"", base64url_encode(hash, 18, text));
        return ret;
}

bool etag_matches(const char *if_none_match, const char *etag) {
        size_t n = strlen(etag);

        while (if_none_match && *if_none_match) {
                if_none_match += strspn(if_none_match, ", \t");
                if (strcmp(if_none_match, "*") == 0)
                        return true;
                if (strncmp(if_none_match, "W/", 2) == 0)
                        if_none_match += 2;
                if (strncmp(if_none_match, etag, n) == 0)
                        return true;
                if_none_match += strcspn(if_none_match, ",");
        }
        return false;
}

/* A failure to answer leaves only one way to tell: no body at all. */
static void answer(HttpdRequest *http, const HttpdReply *reply) {
        if (httpd_reply(http, reply) < 0)
                (void)httpd_reply(http, &(HttpdReply){ .status = 500 });
}

void reply_problem(HttpdRequest *http, const Problem *p) {
        const char *headers[] = { NOSNIFF, REFERRER, RESOURCE, NO_STORE, NO_PAGE, p->header, NULL };
        _cleanup_free_ char *text = NULL;

        if (problem_write(p, &text) < 0) {
                answer(http, &(HttpdReply){ .status = p->status, .headers = headers });
                return;
        }
        answer(http, &(HttpdReply){ .status = p->status,
                                    .content_type = "application/problem+json",
                                    .headers = headers,
                                    .body = text,
                                    .body_n = strlen(text) });
}

void reply_json(HttpdRequest *http, const char *json, size_t n) {
        char etag[ETAG_SIZE], header[HEADER_SIZE];
        const char *headers[] = { NOSNIFF, REFERRER, RESOURCE, NO_STORE, NO_PAGE, header, NULL };

        snprintf(header, sizeof(header), "ETag: %s", etag_make(json, n, etag));
        if (etag_matches(httpd_header(http, "If-None-Match"), etag)) {
                answer(http, &(HttpdReply){ .status = 304, .headers = headers });
                return;
        }
        answer(http, &(HttpdReply){ .status = 200,
                                    .content_type = "application/json",
                                    .headers = headers,
                                    .body = json,
                                    .body_n = n });
}

void reply_made(HttpdRequest *http, unsigned status, const char *location, const char *json) {
        char header[HEADER_SIZE];
        const char *headers[] = { NOSNIFF,  REFERRER, RESOURCE,
                                  NO_STORE, NO_PAGE,  location ? header : NULL,
                                  NULL };

        if (location)
                snprintf(header, sizeof(header), "Location: %s", location);
        answer(http, &(HttpdReply){ .status = status,
                                    .content_type = "application/json",
                                    .headers = headers,
                                    .body = json,
                                    .body_n = strlen(json) });
}

void reply_nothing(HttpdRequest *http) {
        static const char *const headers[] = { NOSNIFF, REFERRER, RESOURCE, NO_STORE, NULL };

        answer(http, &(HttpdReply){ .status = 204, .headers = headers });
}

void reply_options(HttpdRequest *http, const char *allow) {
        const char *headers[] = { NOSNIFF, REFERRER, RESOURCE, NO_STORE, allow, NULL };

        answer(http, &(HttpdReply){ .status = 204, .headers = headers });
}

void reply_page(HttpdRequest *http, unsigned status, const char *html) {
        static const char *const headers[] = { NOSNIFF, REFERRER, RESOURCE, NO_STORE,
                                               FORM,    NO_INDEX, NULL };

        answer(http, &(HttpdReply){ .status = status,
                                    .content_type = "text/html; charset=utf-8",
                                    .headers = headers,
                                    .body = html,
                                    .body_n = strlen(html) });
}

void reply_file(HttpdRequest *http, const ReplyFile *file) {
        char etag[HEADER_SIZE], cache[HEADER_SIZE];
        const char *headers[] = { NOSNIFF, REFERRER, RESOURCE, PAGE, etag, cache, NULL };

        snprintf(etag, sizeof(etag), "ETag: %s", file->etag);
        snprintf(cache, sizeof(cache), "Cache-Control: %s", file->cache_control);
        if (etag_matches(httpd_header(http, "If-None-Match"), file->etag)) {
                answer(http, &(HttpdReply){ .status = 304, .headers = headers });
                return;
        }
        answer(http, &(HttpdReply){ .status = 200,
                                    .content_type = file->content_type,
                                    .headers = headers,
                                    .body = file->body,
                                    .body_n = file->n,
                                    .body_static = true });
}

int reply_stream(HttpdRequest *http) {
        /* the last is for a proxy that would wait for more before it passes anything on */
        static const char *const headers[] = { NOSNIFF,  REFERRER, RESOURCE,
                                               NO_STORE, NO_PAGE,  "X-Accel-Buffering: no",
                                               NULL };

        return httpd_stream_open(http, "text/event-stream", headers);
}
