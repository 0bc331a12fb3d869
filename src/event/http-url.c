/* URLs, by the same parser that connects to them: two parsers would be two opinions about the host.
 */
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

int http_url_origin(const char *url, char **ret) {
        _cleanup_(url_freep) Url *u = curl_url();
        _cleanup_(url_part_freep) UrlPart *scheme = NULL, *host = NULL, *port = NULL;
        int r;

        if (!u)
                return -ENOMEM;

        r = url_set(u, url, 0);
        if (r < 0)
                return r;

        r = strchr(url, '%') ? check_target(u) : check_scheme(u); /* without, nothing is decoded */
        if (r < 0)
                return r;

        if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
            curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
            curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
                return -EINVAL;

        return asprintf(ret, "%s://%s:%s", scheme, host, port) < 0 ? -ENOMEM : 0;
}

int http_url_resolve(const char *base, const char *location, char **ret) {
        _cleanup_(url_freep) Url *u = curl_url();
        _cleanup_(url_part_freep) UrlPart *text = NULL;
        int r;

        if (!u)
                return -ENOMEM;

        r = url_set(u, base, CURLU_URLENCODE); /* an empty location leaves it as it is */
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
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}
