/* A table of members for each kind; limits beyond the tables are looked at here. */
#include "store/alert-settings.h"

#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/id.h"
#include "store/alert-text.h"
#include "store/website-settings.h"
#include "wire/url.h"

#define ADDRESS_MAX  254 /* RFC 5321, 4.5.3.1.3, without the brackets */
#define LOCAL_MAX    64
#define SUBJECT_MAX  300
#define SECRET_MAX   4096
#define WEBSITES_MAX 200

static const char *const kind_names[_ALERT_KIND_MAX] = {
        [ALERT_WEBHOOK] = "webhook", [ALERT_EMAIL] = "email",     [ALERT_MANAGER] = "alertmanager",
        [ALERT_EXEC] = "exec",       [ALERT_APPRISE] = "apprise",
};

#define TEXT(NAME, MEMBER, OPTIONAL, SIZE)                                                         \
        {                                                                                          \
                .name = NAME, .type = JSON_TEXT, .optional = OPTIONAL,                             \
                .offset = offsetof(AlertSettings, MEMBER), .size = SIZE                            \
        }
#define SUBJECT_AND_TEXT                                                                           \
        TEXT("subject", subject, true, SUBJECT_MAX), TEXT("text", text, true, ALERT_TEMPLATE_MAX)

static const JsonField webhook_fields[] = {
        TEXT("url", url, false, URL_MAX),
        { 0 },
};

static const JsonField email_fields[] = {
        { .name = "to",
          .type = JSON_STRINGS,
          .optional = false,
          .offset = offsetof(AlertSettings, to),
          .size = ADDRESS_MAX,
          .max = ALERT_RECIPIENTS_MAX },
        SUBJECT_AND_TEXT,
        { 0 },
};

static const JsonField manager_fields[] = {
        TEXT("url", url, false, URL_MAX),
        TEXT("user", user, true, SECRET_MAX),
        TEXT("password", password, true, SECRET_MAX),
        TEXT("token", token, true, SECRET_MAX),
        SUBJECT_AND_TEXT,
        { 0 },
};

static const JsonField manager_shown[] = {
        TEXT("url", url, false, URL_MAX),
        TEXT("user", user, true, SECRET_MAX),
        SUBJECT_AND_TEXT,
        { 0 },
};

static const JsonField exec_fields[] = {
        TEXT("hook", hook, false, ALERT_HOOK_MAX),
        SUBJECT_AND_TEXT,
        { 0 },
};

static const JsonField apprise_fields[] = {
        TEXT("url", url, false, URL_MAX),
        SUBJECT_AND_TEXT,
        { 0 },
};

static const JsonField apprise_shown[] = {
        { .name = "service",
          .type = JSON_STRING,
          .optional = false,
          .offset = offsetof(AlertSettings, service),
          .size = ALERT_SERVICE_SIZE },
        SUBJECT_AND_TEXT,
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

static const char *texts_refusal(const AlertSettings *s) {
        if (s->subject && strpbrk(s->subject, "\r\n"))
                return "the subject has more than one line";
        if (!is_template(s->subject) || !is_template(s->text))
                return "a text has a {{field}} that there is not, or one without its end";
        return NULL;
}

static const char *mail_refusal(const AlertSettings *s) {
        if (s->to.n == 0)
                return "nobody is named in \"to\"";
        for (size_t i = 0; i < s->to.n; i++)
                if (!alert_is_address(s->to.items[i]))
                        return "\"to\" has what is no plain address like alerts@example.org";
        return texts_refusal(s);
}

/* As the value of a header, between its blanks. */
static bool is_plain(const char *text) {
        for (const char *p = text; p && *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return false;
        return !text || *text;
}

static const char *manager_refusal(const AlertSettings *s) {
        const char *refusal = url_refusal(s);

        if (refusal)
                return refusal;
        if (strpbrk(s->url, "?#"))
                return "the URL of an Alertmanager has no ? and no #: /api/v2/alerts follows it";
        if (!s->user != !s->password || (s->user && s->token))
                return "an Alertmanager wants a user with a password, or a token, or neither";
        if (!is_plain(s->user) || !is_plain(s->password) || !is_plain(s->token) ||
            (s->user && strchr(s->user, ':')))
                return "user, password and token are one line each, the user without a colon";
        return texts_refusal(s);
}

bool alert_is_hook(const char *text) {
        size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

        return n > 0 && n <= ALERT_HOOK_MAX && !text[n];
}

static const char *exec_refusal(const AlertSettings *s) {
        if (!alert_is_hook(s->hook))
                return "a hook has a name of lower-case letters, digits, \"-\" and \"_\"";
        return texts_refusal(s);
}

static const char *apprise_refusal(const AlertSettings *s) {
        size_t n = strcspn(s->url, ":");
        const char *reason;

        if (url_characters_check(s->url, &reason) < 0)
                return reason;
        if (strncmp(s->url + n, "://", 3) != 0 || !s->url[n + 3])
                return "a URL of Apprise is SERVICE://...";
        if (!alert_service_is_known(s->url, n))
                return "this is no service of Apprise that dpin lets through: dpinctl(1) names "
                       "them";
        return texts_refusal(s);
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
        [ALERT_MANAGER] = { manager_fields, manager_refusal,
                            "an Alertmanager is set as {\"url\": URL}, perhaps with \"user\" and "
                            "\"password\" or \"token\", \"subject\" and \"text\"" },
        [ALERT_EXEC] = { exec_fields, exec_refusal,
                         "exec is set as {\"hook\": NAME}, perhaps with \"subject\" and "
                         "\"text\"" },
        [ALERT_APPRISE] = { apprise_fields, apprise_refusal,
                            "Apprise is set as {\"url\": URL}, perhaps with \"subject\" and "
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
        if (kind == ALERT_APPRISE) /* known, so it has room */
                memcpy(s.service, s.url, strcspn(s.url, ":"));
        *ret = s;
        return 0;
}

int alert_settings_show(AlertKind kind, const AlertSettings *s, char **ret) {
        int r;

        if (kind == ALERT_APPRISE)
                r = json_write(apprise_shown, s, ret);
        else if (kind == ALERT_MANAGER && (s->password || s->token))
                r = json_write(manager_shown, s, ret);
        else
                return 0;
        return r < 0 ? r : 1;
}

static void wipe(char *secret) {
        if (secret)
                explicit_bzero(secret, strlen(secret));
}

void alert_settings_done(AlertSettings *s) {
        wipe(s->password);
        wipe(s->token);
        wipe(s->url); /* perhaps */
        json_done(manager_fields, s);
        json_done(email_fields, s);
        json_done(exec_fields, s);
}

/* Filters -------------------------------------------------------------------------------------- */

typedef struct Filter {
        JsonStrings events, kinds, severities, tags, websites;
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
        { .name = "tags",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(Filter, tags),
          .size = WEBSITE_TAG_MAX,
          .max = WEBSITES_MAX },
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
        for (size_t i = 0; i < f->tags.n; i++)
                if (!website_is_tag(f->tags.items[i], strlen(f->tags.items[i])))
                        return "a tag has 1 to 32 characters of a-z, 0-9, \".\", \"_\" and \"-\"";
        return NULL;
}

int alert_filter_check(const char *json, const char **reason) {
        Filter f = { 0 };
        int r;

        *reason = "a filter is {\"events\": [...], \"kinds\": [...], \"severities\": [...], "
                  "\"tags\": [...], \"websites\": [ID, ...]}, each if wanted";
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
