/* What is set for a channel: where it leads, by its kind, and what it lets through. Pure. */
#pragma once

#include "base/json.h"

#define ALERT_SETTINGS_MAX   16384 /* bytes of JSON */
#define ALERT_RECIPIENTS_MAX 10
#define ALERT_NAME_MAX       200 /* bytes */

typedef enum AlertKind {
        ALERT_WEBHOOK,
        ALERT_EMAIL,
        _ALERT_KIND_MAX,
} AlertKind;

/* "webhook", "email". 0; -EINVAL: no kind. */
int alert_kind_from_name(const char *name, AlertKind *ret);

typedef struct AlertSettings {
        char *url;            /* of a webhook */
        JsonStrings to;       /* of e-mail: addresses */
        char *subject, *text; /* templates of alert-text.h, or NULL */
} AlertSettings;

/* 0; -EINVAL: not as this kind has it, *reason is a sentence without its full stop; -ENOMEM. */
int alert_settings_read(AlertKind kind, const char *json, AlertSettings *ret, const char **reason);
void alert_settings_done(AlertSettings *s);
/* The same for what a channel lets through. */
int alert_filter_check(const char *json, const char **reason);
/* NULL: it may be a channel's name; or why not. */
const char *alert_name_refusal(const char *name);
/* An address of mail that is nothing but one: no name, no comment, no quotes, ASCII. */
bool alert_is_address(const char *text);
