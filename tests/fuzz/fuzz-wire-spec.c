/* Any text as a specification: what is accepted is within its limits, and is written so that
 * reading it gives the same. */
#include <errno.h>

#include "property.h"
#include "wire/assertion.h"
#include "wire/spec.h"

static void check_http(const Spec *s) {
        unsigned accepted = 0;

        PROPERTY(*s->method && *s->status);
        PROPERTY(s->redirects >= 0 && s->redirects <= SPEC_REDIRECTS_MAX);
        PROPERTY(s->headers.n <= SPEC_HEADERS_MAX);
        for (unsigned status = 100; status < 600; status++)
                accepted += spec_accepts_status(s, status);
        PROPERTY(accepted > 0);
        PROPERTY(!spec_accepts_status(s, 0) && !spec_accepts_status(s, 99));
        PROPERTY(!spec_accepts_status(s, 600));
        for (size_t i = 0; i < s->headers.n; i++) {
                const SpecHeader *h = (const SpecHeader *)s->headers.items + i;

                PROPERTY(*h->name && !strpbrk(h->name, " \t\r\n:") && !strpbrk(h->value, "\r\n"));
        }
}

static void check_limits(const Spec *s) {
        const Assertion *a = s->assertions.items;
        const char *reason;
        Target target;

        PROPERTY(target_check(s->url, &target, NULL) == 0);
        PROPERTY(check_type_from_name(s->type) == (int)target.type);
        if (target.type == CHECK_HTTP)
                check_http(s);
        PROPERTY(s->assertions.n <= ASSERTIONS_MAX);
        for (size_t i = 0; i < s->assertions.n; i++)
                PROPERTY(assertion_check(&a[i], &reason) == 0);
        PROPERTY(s->certificate_days >= 0 && s->certificate_days <= 365);
        PROPERTY(s->count >= 0 && s->count <= 10 && s->loss_max >= 0 && s->loss_max < 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(spec_done) Spec s = {}, second = {};
        _cleanup_free_ char *text = NULL, *again = NULL;
        const char *reason = NULL;
        int r;

        r = spec_parse(data, size, &s, &reason);
        PROPERTY(r == 0 || r == -EBADMSG || r == -EINVAL || r == -EMSGSIZE);
        PROPERTY(r != -EINVAL || reason);
        if (r < 0)
                return 0;
        PROPERTY(size <= SPEC_SIZE_MAX);
        check_limits(&s);
        r = spec_encode(&s, &text, &reason);
        if (r == -EMSGSIZE) /* written, control characters take six bytes */
                return 0;
        PROPERTY(r == 0);
        PROPERTY(spec_parse(text, strlen(text), &second, NULL) == 0);
        PROPERTY(strcmp(s.url, second.url) == 0 && strcmp(s.status, second.status) == 0);
        PROPERTY(spec_encode(&second, &again, NULL) == 0 && strcmp(text, again) == 0);
        return 0;
}
