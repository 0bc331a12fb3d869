/* A row becomes what the hub runs. */
#include "hub/website.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "wire/spec.h"

/* Its exact bytes, and what they say. What is stored was written by whoever added it, perhaps by
 * another version: it is judged again. */
static int read_spec(const WebsiteRow *row, Spec *ret, char **ret_text, const char **reason) {
        const char *stored = row->settings.specification;
        int r;

        if (!*stored) {
                r = spec_default(ret, row->url);
                return r < 0 ? r : spec_encode(ret, ret_text, reason);
        }
        r = spec_parse(stored, strlen(stored), ret, reason);
        if (r < 0)
                return r;
        *ret_text = strdup(stored);
        return *ret_text ? 0 : -ENOMEM;
}

static int set_spec(Website *w, const WebsiteRow *row) {
        _cleanup_(spec_done) Spec spec = {};
        const char *reason = NULL;
        char *text = NULL;
        int r;

        r = read_spec(row, &spec, &text, &reason);
        if (r < 0) {
                log_event(LOG_ERR, DPIN_MSG_WEBSITE_UNCHECKABLE, "a website cannot be checked",
                          "DPIN_WEBSITE=%s\nDPIN_REASON=%s", w->id_text,
                          reason ? reason : strerror(-r));
                return r;
        }
        free(w->spec);
        w->spec = text;
        w->type = (CheckType)check_type_from_name(spec.type);
        hash_bytes(w->spec, strlen(w->spec), &w->spec_hash);
        w->spec_stored = false;
        return 0;
}

/* What was stored is judged again, as a specification is. */
static int set_rules(Website *w, const WebsiteRow *row) {
        char reason[RULES_REASON_SIZE];
        RuleSet *set;
        Rules rules;
        int r;

        r = rules_parse(row->settings.rules, &rules, reason);
        if (r < 0) {
                log_event(LOG_ERR, DPIN_MSG_WEBSITE_UNCHECKABLE, "a website cannot be checked",
                          "DPIN_WEBSITE=%s\nDPIN_REASON=%s", w->id_text, reason);
                return r;
        }
        r = rule_set_new(&set, &rules);
        if (r < 0)
                return r;
        rule_set_free(w->rule_set);
        w->rule_set = set;
        return 0;
}

SiteConf website_conf(const Website *w, const WebsiteSettings *s, unsigned flap_begins) {
        SiteConf conf = {
                .id = w->public_id,
                .interval = w->interval_ms * USEC_PER_MSEC,
                .timeout = w->timeout_ms * USEC_PER_MSEC,
                .seats = w->seats,
                .slow = s->slow_ms * USEC_PER_MSEC,
                .confirm_down = s->confirm_down,
                .confirm_up = s->confirm_up,
                .confirm_down_time = s->confirm_down_ms * USEC_PER_MSEC,
                .confirm_up_time = s->confirm_up_ms * USEC_PER_MSEC,
                .flap_begins = flap_begins,
                .certificate_days = (uint16_t)s->certificate_warn_days,
                .push = w->type == CHECK_PUSH,
                .minima = rule_set_minima(w->rule_set),
        };

        memcpy(&conf.target, w->spec_hash.bytes, sizeof(conf.target));
        conf.target ^= w->family; /* orders say it, too */
        return conf;
}

int website_fill(Website *w, const WebsiteRow *row) {
        char *url = strdup(row->url);
        int r;

        if (!url)
                return -ENOMEM;
        free(w->url);
        w->url = url;
        w->id = row->id;
        w->organisation = row->organisation;
        w->public_id = row->public_id;
        w->interval_ms = row->settings.interval_ms;
        w->timeout_ms = row->settings.timeout_ms;
        w->seats = (uint8_t)row->settings.seats;
        w->family = (uint8_t)row->settings.family;
        w->parent = row->parent;
        w->revision = row->revision;
        uuid_format(&row->public_id, w->id_text);
        r = set_rules(w, row);
        return r < 0 ? r : set_spec(w, row);
}

void website_done(Website *w) {
        site_free(w->site);
        free(w->url);
        free(w->spec);
        rule_set_free(w->rule_set);
        free(w->orders);
        free(w->panel_orders);
}
