/* Any text as a URL: what is accepted is plain ASCII with a host, and spelled out in full it is the
 * same URL. */
#include "property.h"
#include "wire/url.h"

static void check_limits(const char *url, const UrlParts *p) {
        size_t authority = strcspn(strstr(url, "://") + 3, "/?#");

        PROPERTY(strlen(url) <= URL_MAX);
        PROPERTY(p->port > 0 && p->host[0] && strlen(p->host) <= URL_HOST_MAX);
        PROPERTY(!memchr(strstr(url, "://") + 3, '@', authority));
        for (const char *c = url; *c; c++)
                PROPERTY(*c > ' ' && *c < 0x7f);
        for (const char *c = p->host; *c; c++)
                PROPERTY((*c < 'A' || *c > 'Z') && !strchr("/?#@[]%", *c));
}

static bool same(const UrlParts *a, const UrlParts *b) {
        return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* Lower case, with its port, and what followed. */
static void check_fixed_point(const char *url, const UrlParts *p) {
        const char *rest = strstr(url, "://") + 3, *v6 = strchr(p->host, ':');
        _cleanup_free_ char *full = NULL;
        UrlParts again;

        rest += strcspn(rest, "/?#");
        PROPERTY(asprintf(&full, "%s://%s%s%s:%u%s", p->https ? "https" : "http", v6 ? "[" : "",
                          p->host, v6 ? "]" : "", p->port, rest) > 0);
        if (strlen(full) <= URL_MAX) {
                PROPERTY(url_check(full, &again, NULL) == 0);
                PROPERTY(same(p, &again));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *url = input_text(data, size);
        const char *reason = NULL;
        UrlParts parts;
        int r;

        r = url_check(url, &parts, &reason);
        PROPERTY((r < 0) == (reason != NULL));
        if (r < 0)
                return 0;
        check_limits(url, &parts);
        check_fixed_point(url, &parts);
        return 0;
}
