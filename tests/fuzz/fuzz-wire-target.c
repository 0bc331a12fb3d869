/* Any text as a target: what is accepted names one host or one question, in one spelling. */
#include <errno.h>

#include "property.h"
#include "wire/target.h"

static void check_limits(const Target *t) {
        bool dns = t->type == CHECK_DNS;

        PROPERTY(t->type < _CHECK_TYPE_MAX);
        PROPERTY((dns || t->type == CHECK_PUSH) == (*t->name != '\0'));
        PROPERTY(dns == (*t->record != '\0'));
        PROPERTY(dns || (t->type == CHECK_PUSH) == (*t->host == '\0'));
        PROPERTY((t->port == 0) == (t->type == CHECK_ICMP || !*t->host));
        PROPERTY(!strpbrk(t->host, "/?#@[]% ") && !strpbrk(t->name, "/?#@[]%: "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *url = input_text(data, size);
        const char *reason = NULL;
        Target t;
        int r;

        r = target_check(url, &t, &reason);
        PROPERTY(r == 0 || r == -EINVAL);
        PROPERTY((r < 0) == (reason != NULL));
        if (r == 0)
                check_limits(&t);
        return 0;
}
