/* Any bytes as the head of a request: it makes no difference in which pieces they come; what is
 * taken has one length, one host, and no bytes that two readers could read differently. */
#include <errno.h>
#include <strings.h>

#include "event/httpd-head.h"
#include "property.h"

static int scan_in_steps(const char *bytes, size_t n, size_t step, const HttpdRefusal **ret) {
        HttpdHead h = { 0 };
        int r = 0;

        for (size_t have = 0; r == 0 && have < n;) {
                have = have + step < n ? have + step : n;
                r = httpd_head_scan(&h, bytes, have, ret);
        }
        return r;
}

static unsigned count(const char *bytes, size_t n, const char *name) {
        size_t length = strlen(name);
        unsigned found = 0;

        for (size_t i = 0; i + length <= n; i++)
                found += strncasecmp(bytes + i, name, length) == 0;
        return found;
}

static void check_taken(const char *bytes, size_t n, const HttpdHead *h) {
        PROPERTY(n <= HTTPD_HEAD_MAX && memcmp(bytes + n - 4, "\r\n\r\n", 4) == 0);
        PROPERTY(h->fields <= HTTPD_FIELDS_MAX && !h->has_coding);
        PROPERTY(h->has_host || h->http_1_0);
        PROPERTY(count(bytes, n, "\nhost:") == h->has_host);
        PROPERTY(count(bytes, n, "\ncontent-length:") == h->has_length);
        PROPERTY(count(bytes, n, "\ntransfer-encoding:") == 0);
        PROPERTY(count(bytes, n, "\nauthorization:") <= 1);
        for (size_t i = 0; i < n; i++) {
                PROPERTY(bytes[i] != '\0' && (bytes[i] != '\n' || (i > 0 && bytes[i - 1] == '\r')));
                PROPERTY(bytes[i] != '\r' || bytes[i + 1] == '\n');
                PROPERTY(bytes[i] != '\n' || i + 1 == n ||
                         (bytes[i + 1] != ' ' && bytes[i + 1] != '\t'));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *bytes = (const char *)data;
        const HttpdRefusal *refusal = NULL, *again = NULL;
        HttpdHead h = { 0 };
        int r = httpd_head_scan(&h, bytes, size, &refusal);

        PROPERTY(r >= 0 || r == -EBADMSG);
        PROPERTY((r < 0) == (refusal != NULL));
        PROPERTY(!refusal || (refusal->status >= 400 && refusal->status < 600));
        if (r > 0)
                check_taken(bytes, (size_t)r, &h);
        for (size_t step = 1; step <= 7 && size <= 4096; step += 3)
                PROPERTY(scan_in_steps(bytes, size, step, &again) == r || size == 0);
        return 0;
}
