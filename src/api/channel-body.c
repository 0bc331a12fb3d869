/* Objects inside are kept as text: the database keeps them so. */
#include "api/channel-body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/alert-rules.h"
#include "store/alert-settings.h"

#define KIND_SIZE 32u
#define NAME_SIZE 1024u /* longer than allowed, so that the reason can be told */

#define MEMBER(NAME, TYPE, SIZE, OPTIONAL)                                                         \
        {                                                                                          \
                .name = #NAME, .type = TYPE, .optional = OPTIONAL,                                 \
                .offset = offsetof(ChannelBody, NAME), .size = SIZE                                \
        }

static const JsonField new_fields[] = {
        MEMBER(filter, JSON_RAW, ALERT_SETTINGS_MAX, true),
        MEMBER(kind, JSON_TEXT, KIND_SIZE, false),
        MEMBER(name, JSON_TEXT, NAME_SIZE, false),
        MEMBER(rules, JSON_RAW, ALERT_RULES_MAX, true),
        MEMBER(settings, JSON_RAW, ALERT_SETTINGS_MAX, false),
        { 0 },
};

static const JsonField patch_fields[] = {
        MEMBER(filter, JSON_RAW, ALERT_SETTINGS_MAX, true),
        MEMBER(name, JSON_TEXT, NAME_SIZE, true),
        MEMBER(rules, JSON_RAW, ALERT_RULES_MAX, true),
        MEMBER(settings, JSON_RAW, ALERT_SETTINGS_MAX, true),
        { 0 },
};

static const BodyWords words[] = {
        { "filter", "must be an object that says what is let through" },
        { "kind", "must be the name of a kind of channel" },
        { "name", "must be a line of at most 200 bytes" },
        { "rules", "must be an object that says when it is told" },
        { "settings", "must be an object that says where it leads" },
        { 0 },
};

static const BodyTable new_table = { new_fields, words };
static const BodyTable patch_table = { patch_fields, words };

/* What people may add and set. Programs are root's to name. */
static const bool offered[_ALERT_KIND_MAX] = {
        [ALERT_WEBHOOK] = true,
        [ALERT_EMAIL] = true,
        [ALERT_MANAGER] = true,
        [ALERT_APPRISE] = true,
};

static int judge_settings(ChannelBody *body, const char *kind, BodyProblem *problem) {
        const char *reason = NULL;
        AlertSettings s;
        AlertKind k;
        int r;

        if (alert_kind_from_name(kind, &k) < 0)
                return body_refuse_for(problem, "kind", "there is no such kind of channel");
        if (!offered[k])
                return body_refuse_for(problem, "kind", "channels of this kind are set by dpinctl");
        r = alert_settings_read(k, body->settings, &s, &reason);
        if (r < 0)
                return body_refuse_for(problem, "settings", reason);
        r = alert_settings_show(k, &s, &body->shown);
        alert_settings_done(&s);
        return r < 0 ? body_refuse_for(problem, "settings", "there is no memory") : 0;
}

int channel_body_judge(ChannelBody *body, const char *kind, BodyProblem *problem) {
        const char *reason = body->name ? alert_name_refusal(body->name) : NULL;

        if (reason)
                return body_refuse_for(problem, "name", reason);
        if (body->filter && alert_filter_check(body->filter, &reason) < 0)
                return body_refuse_for(problem, "filter", reason);
        if (body->rules && alert_rules_check(body->rules, &reason) < 0)
                return body_refuse_for(problem, "rules", reason);
        return body->settings ? judge_settings(body, kind, problem) : 0;
}

static int keep(int r, ChannelBody *ret) {
        if (r < 0)
                channel_body_done(ret);
        return r;
}

int channel_body_read(const char *text, size_t n, ChannelBody *ret, BodyProblem *problem) {
        int r;

        *ret = (ChannelBody){ 0 };
        r = body_read(text, n, &new_table, ret, problem);
        if (r >= 0)
                r = channel_body_judge(ret, ret->kind, problem);
        if (r >= 0)
                ret->signs = strcmp(ret->kind, "webhook") == 0;
        return keep(r, ret);
}

int channel_patch_read(const char *text, size_t n, ChannelBody *ret, BodyProblem *problem) {
        *ret = (ChannelBody){ 0 };
        return keep(body_read(text, n, &patch_table, ret, problem), ret);
}

void channel_body_done(ChannelBody *body) {
        if (body->settings)
                explicit_bzero(body->settings, strlen(body->settings));
        free(body->shown);
        body->shown = NULL;
        json_done(new_fields, body);
}
