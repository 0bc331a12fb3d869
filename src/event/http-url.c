/* URLs, by the same parser that connects to them, and read once: two parsers, or two readings,
 * would be two opinions about the host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/http-parts.h"

typedef CURLU Url;

static Url *url_free(Url *u) {
        curl_url_cleanup(u);
        return NULL;
}
DEFINE_FREEP(Url, url_free);

typedef char UrlPart;

static UrlPart *url_part_free(UrlPart *p) {
        curl_free(p);
        return NULL;
}
DEFINE_FREEP(UrlPart, url_part_free);

static int url_set(Url *u, const char *text, unsigned flags) {
        switch (curl_url_set(u, CURLUPART_URL, text, flags | CURLU_DISALLOW_USER)) {
        case CURLUE_OK:
                return 0;
        case CURLUE_OUT_OF_MEMORY:
                return -ENOMEM;
        case CURLUE_UNSUPPORTED_SCHEME:
                return -EPROTONOSUPPORT;
        default:
                return -EINVAL;
        }
}

static int check_scheme(Url *u) {
        _cleanup_(url_part_freep) UrlPart *scheme = NULL;

        if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
                return -EINVAL;
        return strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0 ? 0 : -EPROTONOSUPPORT;
}

/* The library decodes %xx in a host. What it would read in another way the second time (a line
 * break, an octal address, a %25) is refused. */
static int check_host(Url *u) {
        _cleanup_(url_part_freep) UrlPart *host = NULL, *again = NULL;
        _cleanup_(url_freep) Url *second = curl_url();
        _cleanup_free_ char *text = NULL;

        if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
                return -EINVAL;
        if (!second || asprintf(&text, "http://%s/", host) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        if (url_set(second, text, 0) < 0 ||
            curl_url_get(second, CURLUPART_HOST, &again, 0) != CURLUE_OK)
                return -EINVAL;
        return strcmp(host, again) == 0 ? 0 : -EINVAL;
}

static int check_target(Url *u) {
        int r;

        r = check_scheme(u);
        return r < 0 ? r : check_host(u);
}

/* Scheme, host and port, lower case and never left out. */
static int read_origin(Url *u, char **ret) {
        _cleanup_(url_part_freep) UrlPart *scheme = NULL, *host = NULL, *port = NULL;

        if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
            curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
            curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
                return -EINVAL;
        return asprintf(ret, "%s://%s:%s", scheme, host, port) < 0 ? -ENOMEM : 0;
}

HttpTarget *http_target_ref(HttpTarget *t) {
        if (t)
                t->references++;
        return t;
}

HttpTarget *http_target_unref(HttpTarget *t) {
        if (!t || --t->references > 0)
                return NULL;
        url_free(t->parsed);
        free(t->text);
        free(t->origin);
        free(t);
        return NULL;
}

static int target_fill(HttpTarget *t, const char *url) {
        int r;

        t->parsed = curl_url();
        t->text = strdup(url);
        if (!t->parsed || !t->text)
                return -ENOMEM;

        r = url_set(t->parsed, url, 0);
        if (r < 0)
                return r;

        /* without %, nothing is decoded */
        r = strchr(url, '%') ? check_target(t->parsed) : check_scheme(t->parsed);
        if (r < 0)
                return r;

        r = read_origin(t->parsed, &t->origin);
        if (r < 0)
                return r;
        t->tls = strncmp(t->origin, "https:", 6) == 0;
        return 0;
}

int http_target_read(HttpTarget **ret, const char *url) {
        _cleanup_(http_target_unrefp) HttpTarget *t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return -ENOMEM;
        t->references = 1;
        r = strpbrk(url, "\r\n") ? -EINVAL : target_fill(t, url);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

int http_target_new(HttpTarget **ret, const char *url) {
        int r = http_target_read(ret, url);

        return r == -EPROTONOSUPPORT ? -EINVAL : r;
}

int http_target_resolve(HttpTarget **ret, const HttpTarget *base, const char *location) {
        _cleanup_(url_freep) Url *u = curl_url();
        _cleanup_(url_part_freep) UrlPart *text = NULL;
        int r;

        if (!u)
                return -ENOMEM;

        r = url_set(u, base->text, CURLU_URLENCODE); /* an empty location leaves it as it is */
        if (r < 0)
                return r;

        r = url_set(u, location, CURLU_URLENCODE);
        if (r < 0)
                return r;

        r = check_target(u);
        if (r < 0)
                return r;

        if (curl_url_get(u, CURLUPART_URL, &text, 0) != CURLUE_OK)
                return -EINVAL;
        return http_target_read(ret, text);
}
