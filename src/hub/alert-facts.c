/* One table reads, one list is told. */
#include "hub/alert-facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/website-settings.h"
#include "wire/tick.h"

#define ITEMS_MAX 100

#define FIELD_OF(STRUCT, NAME, MEMBER, TYPE, SIZE)                                                 \
        {                                                                                          \
                .name = NAME, .type = TYPE, .optional = true, .offset = offsetof(STRUCT, MEMBER),  \
                .size = SIZE                                                                       \
        }
#define TEXT(NAME, MEMBER)      FIELD_OF(AlertFacts, NAME, MEMBER, JSON_TEXT, 4096)
#define NUMBER(NAME, MEMBER)    FIELD_OF(AlertFacts, NAME, MEMBER, JSON_NUMBER, 0)
#define ITEM_TEXT(NAME, MEMBER) FIELD_OF(AlertItem, NAME, MEMBER, JSON_TEXT, 4096)

static const JsonField item_fields[] = {
        ITEM_TEXT("event", event),
        ITEM_TEXT("incidentId", incident),
        ITEM_TEXT("websiteId", website),
        ITEM_TEXT("url", url),
        ITEM_TEXT("name", name),
        ITEM_TEXT("kind", kind),
        ITEM_TEXT("severity", severity),
        ITEM_TEXT("openedAt", opened),
        ITEM_TEXT("closedAt", closed),
        FIELD_OF(AlertItem, "alerts", alerts, JSON_NUMBER, 0),
        { 0 },
};

/* Where the counts of events are. */
static const JsonField counts_fields[] = {
        NUMBER("incident.opened", n_opened),
        NUMBER("incident.escalated", n_escalated),
        NUMBER("incident.reminder", n_reminded),
        NUMBER("incident.resolved", n_resolved),
        { 0 },
};

static const JsonField facts_fields[] = {
        TEXT("incidentId", incident),
        TEXT("websiteId", website),
        TEXT("url", url),
        TEXT("name", name),
        TEXT("kind", kind),
        TEXT("severity", severity),
        TEXT("summary", summary),
        TEXT("cause", cause),
        TEXT("openedAt", opened),
        TEXT("firstEvidenceAt", evidence),
        TEXT("closedAt", closed),
        TEXT("ending", ending),
        TEXT("assurance", assurance),
        TEXT("object", object),
        NUMBER("seconds", seconds),
        NUMBER("seats", seats),
        NUMBER("down", down),
        TEXT("at", at),
        NUMBER("alerts", alerts),
        NUMBER("incidents", incidents),
        { .name = "counts", .type = JSON_OBJECT, .optional = true, .fields = counts_fields },
        { .name = "items",
          .type = JSON_ARRAY,
          .optional = true,
          .offset = offsetof(AlertFacts, items),
          .size = sizeof(AlertItem),
          .max = ITEMS_MAX,
          .fields = item_fields },
        { .name = "tags",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(AlertFacts, tags),
          .size = WEBSITE_TAG_MAX,
          .max = WEBSITE_TAGS_MAX },
        { .name = "regions",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(AlertFacts, regions),
          .size = 256,
          .max = 256 },
        { 0 },
};

int alert_facts_read(const char *json, AlertFacts *ret) {
        *ret = (AlertFacts){ 0 };
        return json_read(json, strlen(json), facts_fields, ret, NULL);
}

void alert_facts_done(AlertFacts *f) {
        json_done(facts_fields, f);
        free(f->acknowledge);
        f->acknowledge = NULL;
}

char *alert_facts_link(const AlertFacts *f, const char *public_url) {
        char *link = NULL;
        int r;

        if (!public_url)
                return NULL;
        r = f->incident ? asprintf(&link, "%s/#/incident/%s", public_url, f->incident)
                        : asprintf(&link, "%s/", public_url);
        return r < 0 ? NULL : link;
}

/* For people ----------------------------------------------------------------------------------- */

/* NULL: whatever it is. The first that fits is meant. */
typedef struct News {
        const char *event, *kind, *severity, *ending;
        const char *state, *what;
} News;

static const News news[] = {
        { "incident.opened", "certificate", NULL, NULL, "WARNING",
          "has a certificate that ends soon" },
        { "incident.opened", "manual", NULL, NULL, "REPORTED",
          "has an incident that people reported" },
        { "incident.opened", NULL, "partial", NULL, "PARTIAL", "is down for some" },
        { "incident.opened", NULL, NULL, NULL, "DOWN", "is down" },
        { "incident.escalated", NULL, NULL, NULL, "WORSE", "is worse than it was" },
        { "incident.resolved", NULL, NULL, "removed", "ENDED", "is watched no longer" },
        { "incident.resolved", NULL, NULL, "paused", "ENDED",
          "is paused: nobody looks whether it is up" },
        { "incident.resolved", "certificate", NULL, NULL, "ENDED",
          "has no certificate that ends soon any more" },
        { "incident.resolved", "manual", NULL, NULL, "ENDED",
          "has its incident resolved that people reported" },
        { "incident.resolved", NULL, NULL, NULL, "UP", "is up again" },
        { "incident.reminder", "certificate", NULL, NULL, "STILL",
          "still has a certificate that ends soon" },
        { "incident.reminder", "manual", NULL, NULL, "STILL",
          "still has an incident that people reported" },
        { "incident.reminder", NULL, "partial", NULL, "STILL PARTIAL", "is still down for some" },
        { "incident.reminder", NULL, NULL, NULL, "STILL DOWN", "is still down" },
        { "operator.opened", "validators", NULL, NULL, "TROUBLE", "has no validator that checks" },
        { "operator.opened", "assurance", NULL, NULL, "TROUBLE",
          "has too few validators for full assurance" },
        { "operator.opened", "delivery", NULL, NULL, "TROUBLE",
          "cannot deliver the alerts of a channel" },
        { "operator.opened", "disk", NULL, NULL, "TROUBLE", "is running out of disk space" },
        { "operator.resolved", "validators", NULL, NULL, "WELL", "has validators again" },
        { "operator.resolved", "assurance", NULL, NULL, "WELL",
          "has enough validators for full assurance again" },
        { "operator.resolved", "delivery", NULL, NULL, "WELL",
          "has no trouble with that channel any more" },
        { "operator.resolved", "disk", NULL, NULL, "WELL", "has disk space again" },
        { "test", NULL, NULL, NULL, "TEST", "gets this test: alerts arrive" },
        { NULL, NULL, NULL, NULL, "ALERT", "has news" },
};

static bool fits(const char *wanted, const char *text) {
        return !wanted || (text && strcmp(wanted, text) == 0);
}

static const News *find_news(const char *event, const AlertFacts *f) {
        const News *n = news;

        while (!fits(n->event, event) || !fits(n->kind, f->kind) ||
               !fits(n->severity, f->severity) || !fits(n->ending, f->ending))
                n++;
        return n;
}

/* Digests -------------------------------------------------------------------------------------- */

static char *digest_state(const AlertFacts *f) {
        long long open = f->n_opened + f->n_escalated + f->n_reminded, over = f->n_resolved;
        char *text = NULL;
        int r;

        if (over == 0)
                r = asprintf(&text, "%lld OPEN", open);
        else if (open == 0)
                r = asprintf(&text, "%lld OVER", over);
        else
                r = asprintf(&text, "%lld OPEN, %lld OVER", open, over);
        return r < 0 ? NULL : text;
}

static char *digest_name(const AlertFacts *f) {
        char *text = NULL;

        return asprintf(&text, "%lld incident%s", (long long)f->incidents,
                        f->incidents == 1 ? "" : "s") < 0
                               ? NULL
                               : text;
}

static char *digest_what(const AlertFacts *f) {
        _cleanup_free_ char *name = digest_name(f);
        char *text = NULL;

        return !name || asprintf(&text,
                                 "This is news of %s: open are %lld, over are %lld. It stands for "
                                 "%lld alert%s.",
                                 name, (long long)(f->n_opened + f->n_escalated + f->n_reminded),
                                 (long long)f->n_resolved, (long long)f->alerts,
                                 f->alerts == 1 ? "" : "s") < 0
                               ? NULL
                               : text;
}

/* Strangers' words, of which nothing makes a line of its own. */
static int put_item(FILE *to, const AlertItem *item) {
        const AlertFacts f = { .kind = item->kind, .severity = item->severity };
        const News *n = find_news(item->event ? item->event : "", &f);
        bool named = item->name && *item->name;
        _cleanup_free_ char *name = alert_text_clean(named ? item->name : "");
        _cleanup_free_ char *url = alert_text_clean(item->url ? item->url : "");

        if (!name || !url)
                return -ENOMEM;
        fprintf(to, "%s: %s%s%s", n->state, name, named ? ", " : "", url);
        if (item->opened && strlen(item->opened) >= 19)
                fprintf(to, ", since %.10s %.8s UTC", item->opened, item->opened + 11);
        if (item->closed && strlen(item->closed) >= 19)
                fprintf(to, ", until %.10s %.8s UTC", item->closed, item->closed + 11);
        fputc('\n', to);
        return 0;
}

static char *digest_list(const AlertFacts *f) {
        const AlertItem *items = f->items.items;
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);
        int r = 0;

        if (!to)
                return NULL;
        for (size_t i = 0; r >= 0 && i < f->items.n; i++)
                r = put_item(to, &items[i]);
        if (f->incidents > (int64_t)f->items.n)
                fprintf(to, "and %lld more\n", (long long)f->incidents - (long long)f->items.n);
        if (fclose(to) != 0 || r < 0)
                return NULL;
        return TAKE_PTR(text);
}

/* One incident ----------------------------------------------------------------------------------
 */

static const char *shown_name(const AlertFacts *f) {
        if (f->name && *f->name)
                return f->name;
        return f->url ? f->url : "";
}

/* "2026-01-02T03:04:05.000006Z" is read by programs. */
static char *shown_time(const char *time) {
        char *text = NULL;

        if (!time || strlen(time) < 19)
                return strdup("");
        return asprintf(&text, "%.10s %.8s UTC", time, time + 11) < 0 ? NULL : text;
}

static char *shown_span(const AlertFacts *f) {
        long long s = f->seconds;
        char *text = NULL;
        int r;

        if (!f->closed)
                return strdup("");
        if (s < 60)
                r = asprintf(&text, "%lld s", s);
        else if (s < 3600)
                r = asprintf(&text, "%lld min %lld s", s / 60, s % 60);
        else
                r = asprintf(&text, "%lld h %lld min", s / 3600, s / 60 % 60);
        return r < 0 ? NULL : text;
}

static char *shown_places(const AlertFacts *f) {
        char *text = NULL;
        size_t size;
        FILE *to;

        if (f->closed || f->down == 0)
                return strdup("");
        to = open_memstream(&text, &size);
        if (!to)
                return NULL;
        fprintf(to, "%lld of %lld validators", (long long)f->down, (long long)f->seats);
        for (size_t i = 0; i < f->regions.n; i++)
                fprintf(to, "%s%s", i == 0 ? ", in " : ", ", f->regions.items[i]);
        return fclose(to) == 0 ? text : NULL;
}

static const char *shown_cause(const AlertFacts *f) {
        if (f->summary)
                return f->summary;
        if (!f->cause)
                return "";
        for (unsigned i = 1; i < _TICK_ERROR_MAX; i++)
                if (strcmp(tick_error_name(i), f->cause) == 0)
                        return tick_error_text(i);
        return strcmp(f->cause, "quorum") == 0 ? "Most validators agree" : f->cause;
}

static char *shown_what(const AlertFacts *f, const char *what) {
        char *text = NULL;

        return asprintf(&text, "%s %s.", shown_name(f), what) < 0 ? NULL : text;
}

/* In the order of alert_text_fields, as below. */
static void write_digest(const AlertFacts *f, const char *public_url,
                         char *values[static ALERT_FIELDS]) {
        char *const own[] = {
                digest_state(f),  digest_what(f),
                digest_name(f),   strdup(""),
                shown_time(NULL), shown_time(NULL),
                strdup(""),       strdup(""),
                strdup(""),       public_url ? alert_facts_link(f, public_url) : strdup(""),
                strdup(""),       digest_list(f)
        };

        memcpy(values, own, sizeof(own));
}

static void write_incident(const char *event, const AlertFacts *f, const char *public_url,
                           char *values[static ALERT_FIELDS]) {
        const News *n = find_news(event, f);
        char *const own[] = {
                strdup(n->state),
                shown_what(f, n->what),
                strdup(shown_name(f)),
                strdup(f->url ? f->url : ""),
                shown_time(f->opened),
                shown_time(f->closed),
                shown_span(f),
                shown_places(f),
                strdup(shown_cause(f)),
                public_url ? alert_facts_link(f, public_url) : strdup(""),
                strdup(f->acknowledge ? f->acknowledge : ""),
                strdup(""),
        };

        memcpy(values, own, sizeof(own));
}

int alert_story_new(AlertStory *ret, const char *event, const AlertFacts *f,
                    const char *public_url) {
        char *values[ALERT_FIELDS];
        int r = 0;

        if (strcmp(event, "digest") == 0)
                write_digest(f, public_url, values);
        else
                write_incident(event, f, public_url, values);
        *ret = (AlertStory){ 0 };
        for (size_t i = 0; i < ALERT_FIELDS; i++) {
                ret->fields[i] = (AlertField){ alert_text_fields[i].name, values[i] };
                if (!values[i])
                        r = -ENOMEM;
        }
        if (r < 0)
                alert_story_done(ret);
        return r;
}

void alert_story_done(AlertStory *s) {
        for (size_t i = 0; i < ALERT_FIELDS; i++)
                free(s->fields[i].value);
        *s = (AlertStory){ 0 };
}
