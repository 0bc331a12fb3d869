/* Any header of an answer: a pause that is asked for is never longer than a time can be, and only
 * success is success. */
#include "hub/alert-webhook.h"
#include "property.h"

#define NOW (1445412420 * USEC_PER_SEC)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        unsigned status = size > 1 ? (unsigned)data[0] << 2 | (data[1] & 3) : 0;
        AlertVerdict v;

        PROPERTY(alert_retry_after(text, NOW) < 100000 * USEC_PER_DAY * 365);
        for (char *p = text; (p = strchr(p, '\n')); p++)
                *p = '\0'; /* lines as the client keeps them */
        alert_webhook_judge(status, text, size + 1, NOW, &v);
        PROPERTY((v.state == ALERT_DELIVERED) == (status >= 200 && status < 300));
        PROPERTY((v.state == ALERT_FAILED) == v.disable && v.disable == (status == 410));
        PROPERTY((v.state == ALERT_DELIVERED) == (v.error[0] == '\0'));
        return 0;
}
