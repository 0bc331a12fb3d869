/* Labels without a value are left out, as Alertmanager itself does. */
#include "hub/alert-alertmanager.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store/alert-text.h"

#define BASE64 sodium_base64_VARIANT_ORIGINAL

static const char *const severities[] = { "down", "partial", "warning", "info" };

static void put_clean(JsonWriter *json, const char *name, const char *value) {
        _cleanup_free_ char *clean = value ? alert_text_clean(value) : NULL;

        if (clean && *clean)
                json_writer_string(json, name, clean);
}

/* It goes on until its end is told, as an incident does. */
static bool goes_on(const AlertPost *p) {
        return p->facts->incident || strncmp(p->event, "operator.", strlen("operator.")) == 0;
}

static const char *name_of(const AlertPost *p) {
        if (p->facts->incident)
                return "DpinIncident";
        return goes_on(p) ? "DpinOperator" : "DpinNews";
}

/* Nothing in them changes while it goes on but the severity. */
static void put_labels(JsonWriter *json, const AlertPost *p, const char *severity) {
        const AlertFacts *f = p->facts;

        json_writer_open_object(json, "labels");
        json_writer_string(json, "alertname", name_of(p));
        put_clean(json, "event", goes_on(p) ? NULL : p->event);
        put_clean(json, "incident", f->incident);
        put_clean(json, "kind", f->kind);
        put_clean(json, "object", f->object);
        put_clean(json, "severity", severity);
        put_clean(json, "url", f->url);
        put_clean(json, "website", f->website);
        json_writer_close(json);
}

static void put_annotations(JsonWriter *json, const AlertPost *p) {
        json_writer_open_object(json, "annotations");
        json_writer_string(json, "summary", p->summary);
        json_writer_string(json, "description", p->description);
        json_writer_close(json);
}

static const char *end_of(const AlertPost *p, char ret[static TIME_FORMAT_SIZE]) {
        if (p->facts->closed)
                return p->facts->closed;
        return time_format(p->now + (goes_on(p) ? ALERTMANAGER_OPEN : ALERTMANAGER_NEWS), ret);
}

static void put_alert(JsonWriter *json, const AlertPost *p, const char *severity, const char *end) {
        const char *start = p->facts->opened;
        char now[TIME_FORMAT_SIZE];

        json_writer_open_object(json, NULL);
        put_labels(json, p, severity);
        put_annotations(json, p);
        json_writer_string(json, "startsAt", start ? start : time_format(p->now, now));
        json_writer_string(json, "endsAt", end);
        if (p->link)
                json_writer_string(json, "generatorURL", p->link);
        json_writer_close(json);
}

/* Of one that it never heard of Alertmanager tells nobody that it is over. None may end before it
 * starts, whosever clock is behind. */
static void put_others(JsonWriter *json, const AlertPost *p) {
        const char *own = p->facts->severity, *start = p->facts->opened, *end;
        char now[TIME_FORMAT_SIZE];

        if (!own || !start)
                return;
        end = strcmp(time_format(p->now, now), start) > 0 ? now : start;
        for (size_t i = 0; i < ELEMENTSOF(severities); i++)
                if (strcmp(severities[i], own) != 0)
                        put_alert(json, p, severities[i], end);
}

int alertmanager_body(const AlertPost *p, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        char end[TIME_FORMAT_SIZE];
        int r;

        r = json_writer_new(&json);
        if (r < 0)
                return r;
        json_writer_open_array(json, NULL);
        put_alert(json, p, p->facts->severity, end_of(p, end));
        if (p->facts->incident)
                put_others(json, p);
        json_writer_close(json);
        return json_writer_take(json, ret);
}

char *alertmanager_url(const char *url) {
        size_t n = strlen(url);
        char *whole;

        while (n > 0 && url[n - 1] == '/')
                n--;
        return asprintf(&whole, "%.*s/api/v2/alerts", (int)n, url) < 0 ? NULL : whole;
}

static char *basic(const char *user, const char *password) {
        static const char begins[] = "authorization: Basic ";
        _cleanup_free_ char *both = NULL;
        size_t n, size;
        char *header;

        if (asprintf(&both, "%s:%s", user, password) < 0) {
                both = NULL;
                return NULL;
        }
        n = strlen(both);
        size = sodium_base64_encoded_len(n, BASE64);
        header = malloc(sizeof(begins) + size);
        if (header) {
                (void)stpcpy(header, begins);
                (void)sodium_bin2base64(header + strlen(begins), size, (const uint8_t *)both, n,
                                        BASE64);
        }
        sodium_memzero(both, n);
        return header;
}

char *alertmanager_authorization(const char *user, const char *password, const char *token) {
        char *header;

        if (!token)
                return basic(user, password);
        return asprintf(&header, "authorization: Bearer %s", token) < 0 ? NULL : header;
}
