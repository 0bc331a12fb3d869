/* Any URL and Location (a line each): what is accepted has an origin that stays what it is, a
 * redirect leads to a URL that leads to itself, and where wire/url sees a host, so does the library
 * that connects to it. */
#include <strings.h>

#include "event/http-internal.h"
#include "property.h"
#include "wire/url.h"

static void check_origin(const char *url) {
        _cleanup_(http_target_unrefp) HttpTarget *target = NULL, *again = NULL;
        const char *origin;

        if (http_target_read(&target, url) < 0)
                return;
        origin = target->origin;
        PROPERTY(strncmp(origin, target->tls ? "https://" : "http://", target->tls ? 8 : 7) == 0);
        PROPERTY(!strpbrk(origin, "@?# \t\r\n"));
        PROPERTY(http_target_read(&again, origin) == 0 && strcmp(origin, again->origin) == 0);
}

/* Two parsers with two opinions about the host would check one place and connect to another. */
static void check_opinions(const char *url) {
        _cleanup_(http_target_unrefp) HttpTarget *target = NULL;
        _cleanup_free_ char *expected = NULL;
        UrlParts parts;
        bool v6;

        if (url_check(url, &parts, NULL) < 0)
                return;
        v6 = strchr(parts.host, ':') != NULL;
        PROPERTY(http_target_new(&target, url) == 0);
        PROPERTY(asprintf(&expected, "%s://%s%s%s:%u", parts.https ? "https" : "http",
                          v6 ? "[" : "", parts.host, v6 ? "]" : "", parts.port) > 0);
        PROPERTY(v6 || strcasecmp(target->origin, expected) == 0);
        PROPERTY(!v6 || strstr(target->origin, "://["));
}

static void check_redirect(const char *base, const char *location) {
        _cleanup_(http_target_unrefp) HttpTarget *from = NULL, *to = NULL, *again = NULL;

        if (http_target_read(&from, base) < 0 || http_target_resolve(&to, from, location) < 0)
                return;
        PROPERTY(http_target_resolve(&again, from, to->text) == 0);
        PROPERTY(strcmp(to->text, again->text) == 0 && strcmp(to->origin, again->origin) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        char *rest = text, *url = input_line(&rest);

        check_origin(url);
        check_opinions(url);
        check_redirect(url, input_line(&rest));
        return 0;
}
