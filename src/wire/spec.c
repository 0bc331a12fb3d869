/* Check specifications; see spec.h. */
#include "wire/spec.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/macro.h"

#define STATUS_MIN  100
#define STATUS_MAX  599
#define TYPE_SIZE   sizeof(((Spec *)0)->type)
#define METHOD_SIZE sizeof(((Spec *)0)->method)

static const JsonField spec_fields[] = {
        { .name = "type", JSON_STRING, .offset = offsetof(Spec, type), .size = TYPE_SIZE },
        { .name = "url", JSON_STRING, .offset = offsetof(Spec, url), .size = URL_MAX + 1 },
        { .name = "method", JSON_STRING, .offset = offsetof(Spec, method), .size = METHOD_SIZE },
        { .name = "redirects",
          JSON_NUMBER,
          .offset = offsetof(Spec, redirects),
          .max = SPEC_REDIRECTS_MAX },
        { .name = "status",
          JSON_STRING,
          .offset = offsetof(Spec, status),
          .size = SPEC_STATUS_SIZE },
        {},
};

void spec_default(Spec *ret) {
        *ret = (Spec){ .type = "http", .method = "GET", .redirects = 5, .status = "200-399" };
}

/* Three digits at *at within the limits; moves on. 0: not that. */
static unsigned read_status(const char **at) {
        unsigned value = 0;

        for (int i = 0; i < 3; i++) {
                if (**at < '0' || **at > '9')
                        return 0;
                value = value * 10 + (unsigned)(*(*at)++ - '0');
        }
        return value >= STATUS_MIN && value <= STATUS_MAX ? value : 0;
}

/* 1: status is in the set. 0: not in it. -EINVAL: this is no set. */
static int status_match(const char *set, unsigned status) {
        int found = 0;

        for (;;) {
                unsigned low = read_status(&set), high = low;

                if (*set == '-') {
                        set++;
                        high = read_status(&set);
                }
                if (low == 0 || high < low)
                        return -EINVAL;
                found = found || (status >= low && status <= high);
                if (*set == '\0')
                        return found;
                if (*set++ != ',')
                        return -EINVAL;
        }
}

bool spec_accepts_status(const Spec *s, unsigned status) {
        return status_match(s->status, status) > 0;
}

static int spec_check(const Spec *s, const char **reason) {
        const char *unused;

        reason = reason ? reason : &unused;
        *reason = NULL;
        if (strcmp(s->type, "http") != 0)
                *reason = "this type of check is not known";
        else if (strcmp(s->method, "GET") != 0 && strcmp(s->method, "HEAD") != 0)
                *reason = "the method of a check is GET or HEAD";
        else if (s->redirects < 0 || s->redirects > SPEC_REDIRECTS_MAX)
                *reason = "a check follows at most 10 redirects";
        else if (status_match(s->status, 0) < 0)
                *reason = "accepted status codes are written like 200-299,301";
        if (*reason)
                return -EINVAL;
        return url_check(s->url, NULL, reason);
}

int spec_encode(const Spec *s, char **ret, const char **reason) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = spec_check(s, reason);
        if (r < 0)
                return r;
        r = json_write(spec_fields, s, &text);
        if (r < 0)
                return r;
        if (strlen(text) > SPEC_SIZE_MAX)
                return -EMSGSIZE;
        *ret = TAKE_PTR(text);
        return 0;
}

int spec_parse(const void *bytes, size_t n, Spec *ret, const char **reason) {
        Spec s;
        int r;

        if (reason)
                *reason = NULL;
        if (n > SPEC_SIZE_MAX)
                return -EMSGSIZE;
        s = (Spec){};
        r = json_read(bytes, n, spec_fields, &s, reason);
        if (r < 0)
                return r == -ENOBUFS ? -EINVAL : r;
        r = spec_check(&s, reason);
        if (r < 0)
                return r;
        *ret = s;
        return 0;
}
