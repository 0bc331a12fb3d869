/* What the head of a request may look like: RFC 9112 without its leniencies, so that a proxy in
 * front and the server behind never read two things out of one. Lines end with CR LF, fields are
 * not folded, a body has one length and no transfer coding. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPD_HEAD_MAX   (16u * 1024) /* bytes */
#define HTTPD_TARGET_MAX 8000u
#define HTTPD_FIELDS_MAX 100u

/* Why a request, or a connection, is refused; all are static. */
typedef struct HttpdRefusal {
        unsigned status;
        const char *code;   /* for counters and logs */
        const char *detail; /* a sentence for people */
} HttpdRefusal;

typedef struct HttpdText {
        const char *at;
        size_t n;
} HttpdText;

typedef struct HttpdHead {
        size_t scanned; /* where the first line begins that is not whole */
        bool begun;     /* its request line has come */
        unsigned fields;
        bool is_asterisk, is_head, http_1_0, has_host, has_length, has_coding, is_chunked,
                        has_authorization;
        HttpdText authority; /* of an absolute target; borrowed */
        uint64_t length;     /* of the body */
} HttpdHead;

/* A head as it comes: bytes are all of it so far, at the same place in each call. h is zeroed at
 * first. The head's length; 0: more is needed; -EBADMSG: refused, *ret says why. */
int httpd_head_scan(HttpdHead *h, const char *bytes, size_t n, const HttpdRefusal **ret);

/* The same rules for a head that was split by others, in this order. NULL: fine so far. */
const HttpdRefusal *httpd_head_target(HttpdHead *h, const HttpdText *target);
const HttpdRefusal *httpd_head_line(HttpdHead *h, const HttpdText *method,
                                    const HttpdText *version);
const HttpdRefusal *httpd_head_field(HttpdHead *h, const HttpdText *name, const HttpdText *value);
const HttpdRefusal *httpd_head_end(const HttpdHead *h, size_t bytes);

/* Where the path begins in a target that was found fine. */
const char *httpd_target_path(const char *target);
