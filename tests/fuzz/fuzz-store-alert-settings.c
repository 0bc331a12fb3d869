/* Any JSON as settings, filter, rules and name of a channel: what is accepted has addresses and
 * URLs that are one word, and a subject of one line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "property.h"
#include "store/alert-rules.h"
#include "store/alert-settings.h"

static void check_word(const char *text) {
        for (const char *p = text; *p; p++)
                PROPERTY(*p > ' ' && *p < 0x7f);
}

/* What rests in the clear of settings that are sealed has nothing of what is secret in them. */
static void check_shown(AlertKind kind, const AlertSettings *s) {
        char *shown = NULL;
        int r = alert_settings_show(kind, s, &shown);

        PROPERTY(r == (kind == ALERT_APPRISE || s->password || s->token) && (r == 1) == !!shown);
        PROPERTY(!shown || (!strstr(shown, "\"password\":") && !strstr(shown, "\"token\":")));
        PROPERTY(!shown || kind == ALERT_MANAGER || !strstr(shown, "\"url\":"));
        free(shown);
}

static void check_settings(AlertKind kind, const char *json) {
        const char *reason = NULL;
        AlertSettings s;
        int r = alert_settings_read(kind, json, &s, &reason);

        PROPERTY(r == 0 || (r == -EINVAL && reason));
        if (r < 0)
                return;
        PROPERTY((kind == ALERT_EMAIL || kind == ALERT_EXEC) == (s.url == NULL));
        PROPERTY((kind == ALERT_EXEC) == (s.hook && alert_is_hook(s.hook)));
        PROPERTY(!s.token || !strpbrk(s.token, "\r\n"));
        check_shown(kind, &s);
        check_word(s.url ? s.url : "");
        PROPERTY(s.to.n <= ALERT_RECIPIENTS_MAX);
        for (size_t i = 0; i < s.to.n; i++) {
                PROPERTY(!strpbrk(s.to.items[i], "<>\"(),;:\\"));
                check_word(s.to.items[i]);
        }
        PROPERTY(!s.subject || !strpbrk(s.subject, "\r\n"));
        alert_settings_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *json = input_text(data, size);
        const char *reason = NULL;

        check_settings(ALERT_WEBHOOK, json);
        check_settings(ALERT_EMAIL, json);
        check_settings(ALERT_MANAGER, json);
        check_settings(ALERT_EXEC, json);
        check_settings(ALERT_APPRISE, json);
        PROPERTY((alert_filter_check(json, &reason) == 0) == (reason == NULL));
        reason = NULL;
        PROPERTY((alert_rules_check(json, &reason) == 0) == (reason == NULL));
        if (!alert_name_refusal(json))
                PROPERTY(*json && !strpbrk(json, "\r\n"));
        return 0;
}
