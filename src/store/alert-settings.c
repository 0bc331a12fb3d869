/* A table of members for each kind; limits beyond the tables are looked at here. */
#include "store/alert-settings.h"

#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/id.h"
#include "store/alert-text.h"
#include "wire/url.h"

#define ADDRESS_MAX  254 /* RFC 5321, 4.5.3.1.3, without the brackets */
#define LOCAL_MAX    64
#define SUBJECT_MAX  300
#define WEBSITES_MAX 200

static const char *const kind_names[_ALERT_KIND_MAX] = {
        [ALERT_WEBHOOK] = "webhook",
        [ALERT_EMAIL] = "email",
};

static const JsonField webhook_fields[] = {
        { .name = "url",
          .type = JSON_TEXT,
          .optional = false,
          .offset = offsetof(AlertSettings, url),
          .size = URL_MAX },
        { 0 },
};

static const JsonField email_fields[] = {
        { .name = "to",
          .type = JSON_STRINGS,
          .optional = false,
          .offset = offsetof(AlertSettings, to),
          .size = ADDRESS_MAX,
          .max = ALERT_RECIPIENTS_MAX },
        { .name = "subject",
          .type = JSON_TEXT,
          .optional = true,
          .offset = offsetof(AlertSettings, subject),
          .size = SUBJECT_MAX },
        { .name = "text",
          .type = JSON_TEXT,
          .optional = true,
          .offset = offsetof(AlertSettings, text),
          .size = ALERT_TEMPLATE_MAX },
        { 0 },
};

int alert_kind_from_name(const char *name, AlertKind *ret) {
        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++)
                if (strcmp(name, kind_names[k]) == 0) {
                        *ret = k;
                        return 0;
                }
        return -EINVAL;
}

bool alert_is_address(const char *text) {
        static const char other[] = "!#$%&'*+-/=?^_`{|}~.@";
        const char *at = strchr(text, '@'), *domain = at ? at + 1 : NULL;

        if (!at || at == text || at - text > LOCAL_MAX || strlen(text) > ADDRESS_MAX ||
            strchr(domain, '@') || !*domain || *text == '-')
                return false;
        for (const char *p = text; *p; p++)
                if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                      (*p >= '0' && *p <= '9') || strchr(other, *p)))
                        return false;
        return strspn(domain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
                               strlen(domain) &&
               *domain != '.' && *domain != '-' && !strstr(domain, "..");
}

static const char *url_refusal(const AlertSettings *s) {
        const char *reason = NULL;
        UrlParts parts;

        return url_check(s->url, &parts, &reason) < 0 ? reason : NULL;
}

static bool is_template(const char *text) {
        _cleanup_free_ char *filled = NULL;

        return !text || alert_text_fill(text, alert_text_fields, &filled, NULL) == 0;
}

static const char *mail_refusal(const AlertSettings *s) {
        if (s->to.n == 0)
                return "nobody is named in \"to\"";
        for (size_t i = 0; i < s->to.n; i++)
                if (!alert_is_address(s->to.items[i]))
                        return "\"to\" has what is no plain address like alerts@example.org";
        if (s->subject && strpbrk(s->subject, "\r\n"))
                return "the subject has more than one line";
        if (!is_template(s->subject) || !is_template(s->text))
                return "a text has a {{field}} that there is not, or one without its end";
        return NULL;
}

static const struct {
        const JsonField *fields;
        const char *(*refusal)(const AlertSettings *s);
        const char *shape;
} kinds[_ALERT_KIND_MAX] = {
        [ALERT_WEBHOOK] = { webhook_fields, url_refusal, "a webhook is set as {\"url\": URL}" },
        [ALERT_EMAIL] = { email_fields, mail_refusal,
                          "e-mail is set as {\"to\": [ADDRESS, ...]}, perhaps with \"subject\" and "
                          "\"text\"" },
};

int alert_settings_read(AlertKind kind, const char *json, AlertSettings *ret, const char **reason) {
        AlertSettings s = { 0 };
        const char *refusal;
        int r;

        *reason = kinds[kind].shape;
        if (strlen(json) > ALERT_SETTINGS_MAX)
                return -EINVAL;
        r = json_read(json, strlen(json), kinds[kind].fields, &s, NULL);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        refusal = kinds[kind].refusal(&s);
        if (refusal) {
                alert_settings_done(&s);
                *reason = refusal;
                return -EINVAL;
        }
        *ret = s;
        return 0;
}

void alert_settings_done(AlertSettings *s) {
        json_done(webhook_fields, s);
        json_done(email_fields, s);
}

/* Filters -------------------------------------------------------------------------------------- */

typedef struct Filter {
        JsonStrings events, kinds, severities, websites;
} Filter;

static const JsonField filter_fields[] = {
        { .name = "events",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(Filter, events),
          .size = 64,
          .max = 16 },
        { .name = "kinds",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(Filter, kinds),
          .size = 64,
          .max = 16 },
        { .name = "severities",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(Filter, severities),
          .size = 64,
          .max = 16 },
        { .name = "websites",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(Filter, websites),
          .size = 36,
          .max = WEBSITES_MAX },
        { 0 },
};

static bool are_of(const JsonStrings *words, const char *const *known) {
        for (size_t i = 0, k; i < words->n; i++) {
                for (k = 0; known[k] && strcmp(known[k], words->items[i]) != 0; k++)
                        ;
                if (!known[k])
                        return false;
        }
        return true;
}

static const char *filter_refusal(const Filter *f) {
        static const char *const events[] = { "incident.opened", "incident.escalated",
                                              "incident.resolved", NULL };
        static const char *const severities[] = { "down", "partial", "warning", "info", NULL };
        Uuid id;

        if (!are_of(&f->events, events))
                return "an event is incident.opened, incident.escalated or incident.resolved";
        if (!are_of(&f->severities, severities))
                return "a severity is down, partial, warning or info";
        for (size_t i = 0; i < f->websites.n; i++)
                if (uuid_parse(f->websites.items[i], &id) < 0)
                        return "a website of the filter is no id";
        return NULL;
}

int alert_filter_check(const char *json, const char **reason) {
        Filter f = { 0 };
        int r;

        *reason = "a filter is {\"events\": [...], \"kinds\": [...], \"websites\": [ID, ...]}, "
                  "each "
                  "if wanted";
        if (strlen(json) > ALERT_SETTINGS_MAX)
                return -EINVAL;
        r = json_read(json, strlen(json), filter_fields, &f, NULL);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        *reason = filter_refusal(&f);
        json_done(filter_fields, &f);
        return *reason ? -EINVAL : 0;
}

const char *alert_name_refusal(const char *name) {
        size_t n = strlen(name);

        if (n == 0 || n > ALERT_NAME_MAX)
                return "a channel's name has 1 to 200 bytes";
        for (const char *p = name; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return "a channel's name is one line of text";
        return utf8_is_valid(name, n) ? NULL : "a channel's name is UTF-8";
}
