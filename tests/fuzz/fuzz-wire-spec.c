/* Any text as a specification: what is accepted is within its limits, and is written so that
 * reading it gives the same. */
#include <errno.h>

#include "property.h"
#include "wire/spec.h"

static void check_limits(const Spec *s) {
        unsigned accepted = 0;

        PROPERTY(strcmp(s->type, "http") == 0);
        PROPERTY(strcmp(s->method, "GET") == 0 || strcmp(s->method, "HEAD") == 0);
        PROPERTY(s->redirects >= 0 && s->redirects <= SPEC_REDIRECTS_MAX);
        PROPERTY(url_check(s->url, NULL, NULL) == 0);
        for (unsigned status = 100; status < 600; status++)
                accepted += spec_accepts_status(s, status);
        PROPERTY(accepted > 0);
        PROPERTY(!spec_accepts_status(s, 0) && !spec_accepts_status(s, 99));
        PROPERTY(!spec_accepts_status(s, 600));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        const char *reason = NULL;
        Spec s, second;
        int r;

        r = spec_parse(data, size, &s, &reason);
        PROPERTY(r == 0 || r == -EBADMSG || r == -EINVAL || r == -EMSGSIZE);
        PROPERTY(r != -EINVAL || reason);
        if (r < 0)
                return 0;
        PROPERTY(size <= SPEC_SIZE_MAX);
        check_limits(&s);
        PROPERTY(spec_encode(&s, &text, &reason) == 0);
        PROPERTY(spec_parse(text, strlen(text), &second, NULL) == 0);
        PROPERTY(strcmp(s.url, second.url) == 0 && strcmp(s.status, second.status) == 0);
        PROPERTY(spec_encode(&second, &again, NULL) == 0 && strcmp(text, again) == 0);
        return 0;
}
