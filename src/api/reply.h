/* Answers as the API gives them: JSON with an ETag, problem documents (RFC 9457), and the headers
 * that every answer carries. */
#pragma once

#include <stdbool.h>

#include "event/httpd.h"

typedef struct Problem {
        unsigned status;
        const char *detail;  /* a sentence for people, or NULL */
        const char *pointer; /* JSON pointer of the member that is wrong, or NULL */
        const char *header;  /* one more header, "Name: value", or NULL */
} Problem;

/* Answers; the request is answered then whatever happens. */
void reply_problem(HttpdRequest *http, const Problem *p);
/* 200, or 304 when the client has this already. */
void reply_json(HttpdRequest *http, const char *json, size_t n);
/* 201, 202: what a call made. location may be NULL. */
void reply_made(HttpdRequest *http, unsigned status, const char *location, const char *json);
/* 204 */
void reply_nothing(HttpdRequest *http);
/* Likewise, with "Allow: METHODS". */
void reply_options(HttpdRequest *http, const char *allow);

typedef struct ReplyFile {
        const char *content_type;
        const char *cache_control;
        const char *etag; /* as etag_make() gives it */
        const void *body; /* lives as long as the server */
        size_t n;
} ReplyFile;

/* A page of HTML that is the answer to one who has a secret address: nobody keeps it, and nothing
 * is told of where it is; it may send a form to where it came from. */
void reply_page(HttpdRequest *http, unsigned status, const char *html);
/* 200 or 304, with the rules a page of the dashboard needs. */
void reply_file(HttpdRequest *http, const ReplyFile *file);
/* Starts an event stream. 0 or negative errno. */
int reply_stream(HttpdRequest *http);

/* The document of a problem; freed by the caller. 0 or negative errno. */
int problem_write(const Problem *p, char **ret);

#define ETAG_SIZE 27
/* Quoted, of the bytes alone. Returns ret. */
char *etag_make(const void *data, size_t n, char ret[static ETAG_SIZE]);
/* Whether an If-None-Match (NULL: absent) names this tag; weak comparison (RFC 9110, 13.1.2). */
bool etag_matches(const char *if_none_match, const char *etag);
