/* Any template and any value: what is understood has no control character that the template did not
 * bring, and is not longer than both allow. */
#include <errno.h>

#include "property.h"
#include "store/alert-text.h"

static size_t count(const char *text, const char *what) {
        size_t n = 0;

        for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
                n++;
        return n;
}

static void check_clean(const char *value) {
        _cleanup_free_ char *clean = alert_text_clean(value), *again = NULL;

        PROPERTY(clean && strlen(clean) <= ALERT_VALUE_MAX + 3);
        for (const char *p = clean; *p; p++)
                PROPERTY((unsigned char)*p >= ' ' && *p != 0x7f);
        again = alert_text_clean(clean);
        PROPERTY(again && (strlen(clean) > ALERT_VALUE_MAX || strcmp(clean, again) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *input = input_text(data, size), *text = NULL;
        char *value = strchr(input, 0x1e); /* what is behind it is the value */
        const char *where = NULL;
        AlertField fields[] = { { "name", NULL }, { "url", NULL }, { 0 } };
        int r;

        if (value)
                *value++ = '\0';
        fields[0].value = fields[1].value = value;
        check_clean(value ? value : "");
        r = alert_text_fill(input, fields, &text, &where);
        PROPERTY(r == 0 || (r == -EINVAL && strncmp(where, "{{", 2) == 0));
        if (r < 0)
                return 0;
        PROPERTY(count(text, "\n") <= count(input, "\n"));
        PROPERTY(strlen(text) <= strlen(input) + count(input, "{{") * (ALERT_VALUE_MAX + 3));
        return 0;
}
