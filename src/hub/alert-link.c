/* Of every incident that is open, whatever is told of it. */
#include "hub/alert-link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/acknowledge.h"

static bool is_open(const char *event, const AlertFacts *f) {
        return strncmp(event, "incident.", 9) == 0 && f->incident && !f->closed;
}

int alert_link_offer(const AlertLinkMaker *m, const char *event, AlertFacts *f) {
        AcknowledgeLink l = { .channel = *m->channel, .day = acknowledge_last_day(m->now) };
        char text[ACKNOWLEDGE_TEXT_SIZE];
        int r;

        if (!m->public_url || !is_open(event, f))
                return 0;
        r = uuid_parse(f->incident, &l.incident);
        if (r < 0)
                return r;
        r = acknowledge_make(m->key, &l, text);
        if (r < 0)
                return r;
        if (asprintf(&f->acknowledge, "%s" ACKNOWLEDGE_PATH "%s", m->public_url, text) < 0) {
                f->acknowledge = NULL;
                return -ENOMEM;
        }
        return 0;
}
