/* One request as the owner sees it: decoded path and query, headers, body. Nothing is sent from
 * here. */
#include "event/httpd-internal.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define ARGUMENTS_MAX 64

/* Later versions of the library are strict themselves when asked to, and read in other ways. */
#define IN_PLACE (MHD_VERSION < 0x00097701)

static int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -EINVAL;
}

/* "a%2Fb" to "a/b". An encoded NUL would cut the string short for one reader and not for another.
 */
static int percent_decode(char **ret, const char *raw, size_t n) {
        _cleanup_free_ char *text = malloc(n + 1);
        size_t used = 0;

        if (!text)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                int high, low;

                if (raw[i] != '%') {
                        text[used++] = raw[i];
                        continue;
                }
                high = i + 2 < n ? hex_digit(raw[i + 1]) : -EINVAL;
                low = high >= 0 ? hex_digit(raw[i + 2]) : -EINVAL;
                if (high < 0 || low < 0 || (high == 0 && low == 0))
                        return -EINVAL;
                text[used++] = (char)(high << 4 | low);
                i += 2;
        }
        text[used] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

typedef struct ArgumentsRead {
        HttpdRequest *request;
        int r;
} ArgumentsRead;

static int argument_add(HttpdRequest *r, const char *name, size_t name_n, const char *value,
                        size_t value_n) {
        HttpdArgument *a = &r->arguments[r->arguments_n];
        int e;

        if (r->arguments_n >= ARGUMENTS_MAX || memchr(name, '\0', name_n))
                return -EINVAL;

        e = percent_decode(&a->name, name, name_n);
        if (e < 0)
                return e;

        r->arguments_n++;
        return percent_decode(&a->value, value ? value : "", value ? value_n : 0);
}

static enum MHD_Result on_argument(void *userdata, enum MHD_ValueKind kind _unused_,
                                   const char *name, size_t name_n, const char *value,
                                   size_t value_n) {
        ArgumentsRead *a = userdata;

        a->r = argument_add(a->request, name, name_n, value, value_n);
        return a->r < 0 ? MHD_NO : MHD_YES;
}

static int read_arguments(HttpdRequest *r) {
        ArgumentsRead a = { .request = r };

        if (MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, NULL, NULL) <= 0)
                return 0;

        r->arguments = calloc(ARGUMENTS_MAX, sizeof(*r->arguments));
        if (!r->arguments)
                return -ENOMEM;

        (void)MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, on_argument, &a);
        return a.r;
}

/* The head as the library read it. It takes many for heads that are none: lines that end with LF
 * alone, folded fields, blanks before the colon, bytes after a NUL. It reads them in place, though,
 * so what it made of a head that is one lies side by side: each field two bytes behind the one
 * before. */
typedef struct HeadRead {
        HttpdHead *head;
        const char *next; /* where the next field has to begin */
        const HttpdRefusal *refusal;
} HeadRead;

static const HttpdRefusal bad_layout = { 400, "head_layout", "The head is malformed." };

static bool is_blank_between(const char *from, const char *to) {
        return from <= to && strspn(from, " \t") >= (size_t)(to - from);
}

static enum MHD_Result on_field(void *userdata, enum MHD_ValueKind kind _unused_, const char *name,
                                size_t name_n, const char *value, size_t value_n) {
        HttpdText n = { name, name_n }, v = { value ? value : "", value ? value_n : 0 };
        HeadRead *x = userdata;

        if (IN_PLACE && (name != x->next || !is_blank_between(name + name_n + 1, v.at)))
                x->refusal = &bad_layout;
        else
                x->refusal = httpd_head_field(x->head, &n, &v);
        x->next = v.at + v.n + 2;
        return x->refusal ? MHD_NO : MHD_YES;
}

static bool line_is_in_place(const HttpdConnection *c, const HttpdText *method,
                             const char *version) {
        return c->target.at == method->at + method->n + 1 &&
               version == c->target.at + c->target.n + 1;
}

static size_t size_of_head(struct MHD_Connection *connection) {
        return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
                        ->header_size;
}

const HttpdRefusal *httpd_request_check(HttpdConnection *c, struct MHD_Connection *connection,
                                        const char *method, const char *version) {
        HttpdText m = { method, strlen(method) }, v = { version, strlen(version) };
        HeadRead x = { .head = &c->head, .next = version + v.n + 2 };

        x.refusal = httpd_head_line(&c->head, &m, &v);
        if (!x.refusal)
                x.refusal = c->refusal;
        if (!x.refusal && IN_PLACE && !line_is_in_place(c, &m, version))
                x.refusal = &bad_layout;
        if (x.refusal)
                return x.refusal;
        (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_field, &x);
        if (!x.refusal && IN_PLACE && x.next + 2 != method + size_of_head(connection))
                x.refusal = &bad_layout;
        return x.refusal ? x.refusal : httpd_head_end(&c->head, size_of_head(connection));
}

int httpd_request_new(HttpdRequest **ret, struct MHD_Connection *connection, const char *method,
                      const char *raw_path) {
        _cleanup_(httpd_request_freep) HttpdRequest *r = calloc(1, sizeof(*r));
        int e;

        if (!r)
                return -ENOMEM;

        r->connection = connection;
        r->method = strdup(method);
        if (!r->method)
                return -ENOMEM;

        e = percent_decode(&r->path, raw_path, strlen(raw_path));
        if (e < 0)
                return e;

        e = read_arguments(r);
        if (e < 0)
                return e;

        *ret = TAKE_PTR(r);
        return 0;
}

HttpdRequest *httpd_request_free(HttpdRequest *r) {
        if (!r)
                return NULL;

        if (r->response)
                MHD_destroy_response(r->response);
        for (size_t i = 0; i < r->arguments_n; i++) {
                free(r->arguments[i].name);
                free(r->arguments[i].value);
        }
        free(r->arguments);
        free(r->stream.bytes);
        free(r->body.bytes);
        free(r->path);
        free(r->method);
        free(r);
        return NULL;
}

size_t httpd_buffer_size(const HttpdBuffer *b) {
        return b->end - b->start;
}

static int buffer_reserve(HttpdBuffer *b, size_t n) {
        size_t wanted = httpd_buffer_size(b) + n, allocated = MAX(b->allocated, (size_t)1024);
        uint8_t *bytes;

        if (b->start > 0) {
                memmove(b->bytes, b->bytes + b->start, b->end - b->start);
                b->end -= b->start;
                b->start = 0;
        }
        while (allocated < wanted)
                allocated *= 2;
        if (allocated == b->allocated)
                return 0;

        bytes = realloc(b->bytes, allocated);
        if (!bytes)
                return -ENOMEM;
        b->bytes = bytes;
        b->allocated = allocated;
        return 0;
}

int httpd_buffer_add(HttpdBuffer *b, const void *data, size_t n, size_t max) {
        int r;

        if (n > max || httpd_buffer_size(b) > max - n)
                return -ENOBUFS;
        if (n == 0)
                return 0;

        if (b->allocated - b->end < n) {
                r = buffer_reserve(b, n);
                if (r < 0)
                        return r;
        }
        memcpy(b->bytes + b->end, data, n);
        b->end += n;
        return 0;
}

size_t httpd_buffer_take(HttpdBuffer *b, void *ret, size_t max) {
        size_t n = MIN(max, httpd_buffer_size(b));

        if (n > 0)
                memcpy(ret, b->bytes + b->start, n);
        b->start += n;
        if (b->start == b->end)
                b->start = b->end = 0;
        return n;
}

const char *httpd_method(const HttpdRequest *r) {
        return r->method;
}

const char *httpd_path(const HttpdRequest *r) {
        return r->path;
}

const char *httpd_query(const HttpdRequest *r, const char *name) {
        for (size_t i = 0; i < r->arguments_n; i++)
                if (strcmp(r->arguments[i].name, name) == 0)
                        return r->arguments[i].value;
        return NULL;
}

const char *httpd_header(const HttpdRequest *r, const char *name) {
        return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const void *httpd_body(const HttpdRequest *r, size_t *ret_n) {
        *ret_n = httpd_buffer_size(&r->body);
        return r->body.bytes ? (const void *)r->body.bytes : "";
}

const struct sockaddr *httpd_peer(const HttpdRequest *r) {
        return MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
                        ->client_addr;
}

void httpd_set_userdata(HttpdRequest *r, void *userdata) {
        r->userdata = userdata;
}

void *httpd_get_userdata(const HttpdRequest *r) {
        return r->userdata;
}
