/* What is set for a channel: where it leads, by its kind, and what it lets through. Pure. */
#pragma once

#include "base/json.h"
#include "store/alert-services.h"

#define ALERT_SETTINGS_MAX   16384 /* bytes of JSON */
#define ALERT_RECIPIENTS_MAX 10
#define ALERT_NAME_MAX       200 /* bytes */
#define ALERT_HOOK_MAX       64  /* bytes of the name of a program */

typedef enum AlertKind {
        ALERT_WEBHOOK,
        ALERT_EMAIL,
        ALERT_MANAGER,
        ALERT_EXEC,
        ALERT_APPRISE,
        _ALERT_KIND_MAX,
} AlertKind;

/* "webhook", "email", "alertmanager", "exec", "apprise". 0; -EINVAL: no kind. */
int alert_kind_from_name(const char *name, AlertKind *ret);

typedef struct AlertSettings {
        char *url;                        /* of a webhook, of an Alertmanager, or Apprise's */
        JsonStrings to;                   /* of e-mail: addresses */
        char *subject, *text;             /* templates of alert-text.h, or NULL */
        char *user, *password;            /* of an Alertmanager; both or none, or: */
        char *token;                      /* of it, or NULL */
        char *hook;                       /* of exec: its name */
        char service[ALERT_SERVICE_SIZE]; /* of Apprise: what its URL begins with */
} AlertSettings;

/* 0; -EINVAL: not as this kind has it, *reason is a sentence without its full stop; -ENOMEM. */
int alert_settings_read(AlertKind kind, const char *json, AlertSettings *ret, const char **reason);
void alert_settings_done(AlertSettings *s);
/* 1: something in them is secret, so they rest sealed, and *ret, freed by the caller, is what may
 * be seen of them; 0: they may be seen as they are; -ENOMEM. */
int alert_settings_show(AlertKind kind, const AlertSettings *s, char **ret);
/* The same for what a channel lets through. */
int alert_filter_check(const char *json, const char **reason);
/* NULL: it may be a channel's name; or why not. */
const char *alert_name_refusal(const char *name);
/* The name of a program of exec: lower-case letters, digits and "-_", at most ALERT_HOOK_MAX. */
bool alert_is_hook(const char *text);
/* An address of mail that is nothing but one: no name, no comment, no quotes, ASCII. */
bool alert_is_address(const char *text);
