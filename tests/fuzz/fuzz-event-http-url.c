/* Any URL and Location (a line each): what is accepted has an origin that stays what it is, a
 * redirect leads to a URL that leads to itself, and where wire/url sees a host, so does the library
 * that connects to it. */
#include <strings.h>

#include "event/http-internal.h"
#include "property.h"
#include "wire/url.h"

static void check_origin(const char *url) {
        _cleanup_free_ char *origin = NULL, *again = NULL;

        if (http_url_origin(url, &origin) < 0)
                return;
        PROPERTY(strncmp(origin, "http://", 7) == 0 || strncmp(origin, "https://", 8) == 0);
        PROPERTY(!strpbrk(origin, "@?# \t\r\n"));
        PROPERTY(http_url_origin(origin, &again) == 0 && strcmp(origin, again) == 0);
}

/* Two parsers with two opinions about the host would check one place and connect to another. */
static void check_opinions(const char *url) {
        _cleanup_free_ char *origin = NULL, *expected = NULL;
        UrlParts parts;
        bool v6;

        if (url_check(url, &parts, NULL) < 0)
                return;
        v6 = strchr(parts.host, ':') != NULL;
        PROPERTY(http_url_origin(url, &origin) == 0);
        PROPERTY(asprintf(&expected, "%s://%s%s%s:%u", parts.https ? "https" : "http",
                          v6 ? "[" : "", parts.host, v6 ? "]" : "", parts.port) > 0);
        PROPERTY(v6 || strcasecmp(origin, expected) == 0);
        PROPERTY(!v6 || strstr(origin, "://["));
}

static void check_redirect(const char *base, const char *location) {
        _cleanup_free_ char *target = NULL, *again = NULL, *origin = NULL;

        if (http_url_resolve(base, location, &target) < 0)
                return;
        PROPERTY(http_url_origin(target, &origin) == 0);
        PROPERTY(http_url_resolve(base, target, &again) == 0 && strcmp(target, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        char *rest = text, *url = input_line(&rest);

        check_origin(url);
        check_opinions(url);
        check_redirect(url, input_line(&rest));
        return 0;
}
