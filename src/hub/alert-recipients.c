/* A server says of each recipient whether it takes the mail, may take it later, or never will. */
#include "hub/alert-recipients.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A reply of 5xx is for ever, unless it is about who sends: that is for the administrator to put
 * right. */
static bool is_for_ever(unsigned reply) {
        return reply >= 550 && reply <= 559;
}

static bool is_taken(unsigned reply) {
        return reply >= 200 && reply <= 299;
}

/* Who is left ---------------------------------------------------------------------------------- */

typedef struct Served {
        JsonStrings to;
} Served;

static const JsonField served_fields[] = {
        { .name = "to",
          .type = JSON_STRINGS,
          .optional = false,
          .offset = offsetof(Served, to),
          .size = 254,
          .max = 1024 },
        { 0 },
};

static bool has(const JsonStrings *list, const char *address) {
        for (size_t i = 0; i < list->n; i++)
                if (strcmp(list->items[i], address) == 0)
                        return true;
        return false;
}

int alert_recipients_left(const JsonStrings *to, const char *served,
                          const char *ret[ALERT_RECIPIENTS_MAX + 1]) {
        Served s = { 0 };
        size_t n = 0;
        int r;

        r = json_read(served, strlen(served), served_fields, &s, NULL);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        for (size_t i = 0; i < to->n && n < ALERT_RECIPIENTS_MAX; i++)
                if (!has(&s.to, to->items[i]))
                        ret[n++] = to->items[i];
        ret[n] = NULL;
        r = s.to.n > 0;
        json_done(served_fields, &s);
        return r;
}

/* What became of them -------------------------------------------------------------------------- */

typedef struct Count {
        unsigned all, asked, taken, never;
        size_t bad; /* the first that was not taken */
} Count;

static Count count(const AlertPosted *p) {
        Count c = { 0 };

        for (size_t i = 0; p->to[i]; i++) {
                if (p->replies[i] && !is_taken(p->replies[i]) && c.asked == c.taken)
                        c.bad = i;
                c.all++;
                c.asked += p->replies[i] != 0;
                c.taken += is_taken(p->replies[i]);
                c.never += is_for_ever(p->replies[i]);
        }
        return c;
}

static int list_taken(const AlertPosted *p, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;
        json_writer_open_array(w, NULL);
        for (size_t i = 0; p->to[i]; i++)
                if (is_taken(p->replies[i]))
                        json_writer_string(w, NULL, p->to[i]);
        json_writer_close(w);
        return json_writer_take(w, ret);
}

/* It is not about who gets it: the connection, the sender, the text. */
static void judge_whole(const AlertPosted *p, AlertVerdict *v) {
        *v = (AlertVerdict){ .state = is_for_ever(p->status) ? ALERT_FAILED : ALERT_PENDING };
        if (p->status >= 400)
                snprintf(v->error, sizeof(v->error), "the mail server's last reply was %u: %s",
                         p->status, p->detail);
        else
                snprintf(v->error, sizeof(v->error), "the mail was not taken: %s", p->detail);
}

static void judge_each(const AlertPosted *p, const Count *c, AlertVerdict *v) {
        bool somebody = p->some || c->taken > 0;

        *v = (AlertVerdict){ .state = c->taken + c->never < c->all ? ALERT_PENDING
                                      : somebody                   ? ALERT_DELIVERED
                                                                   : ALERT_FAILED };
        if (c->taken < c->all)
                snprintf(v->error, sizeof(v->error),
                         "%u of %u recipients were not accepted: to %.60s the mail server said %u",
                         c->all - c->taken, c->all, p->to[c->bad], p->replies[c->bad]);
}

int alert_recipients_judge(const AlertPosted *p, AlertVerdict *ret, char **ret_served) {
        Count c = count(p);

        *ret_served = NULL;
        if (p->ok && c.asked == 0) { /* what was said to each is not known */
                *ret = (AlertVerdict){ .state = ALERT_DELIVERED };
                return 0;
        }
        if (!p->ok && (c.asked == 0 || c.taken > 0)) {
                judge_whole(p, ret);
                return 0;
        }
        judge_each(p, &c, ret);
        return p->ok ? list_taken(p, ret_served) : 0;
}
