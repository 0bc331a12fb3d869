/* One table; what it cannot say is looked at here. */
#include "store/alert-rules.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"

#define SEVERITIES 4
#define DAYS       7

typedef struct Quiet {
        char *from, *to, *zone;
        JsonStrings days, except;
} Quiet;

typedef struct Rules {
        bool recovery;
        int64_t delay, reminder, per_hour, digest_from;
        Quiet quiet;
} Rules;

#define TEXT(NAME, MEMBER, SIZE)                                                                   \
        { .name = NAME, .type = JSON_TEXT, .offset = offsetof(Quiet, MEMBER), .size = SIZE }
#define WORDS(NAME, MEMBER, SIZE, MOST)                                                            \
        {                                                                                          \
                .name = NAME, .type = JSON_STRINGS, .optional = true,                              \
                .offset = offsetof(Quiet, MEMBER), .size = SIZE, .max = MOST                       \
        }
#define NUMBER(NAME, MEMBER, MIN, MAX)                                                             \
        {                                                                                          \
                .name = NAME, .type = JSON_NUMBER, .optional = true,                               \
                .offset = offsetof(Rules, MEMBER), .min = MIN, .max = MAX                          \
        }

static const JsonField quiet_fields[] = {
        TEXT("from", from, 5),
        TEXT("to", to, 5),
        TEXT("timeZone", zone, 64),
        WORDS("days", days, 3, DAYS),
        WORDS("except", except, 7, SEVERITIES),
        { 0 },
};

static const JsonField fields[] = {
        { .name = "recovery",
          .type = JSON_BOOL,
          .optional = true,
          .offset = offsetof(Rules, recovery) },
        NUMBER("delaySeconds", delay, 0, 86400),
        NUMBER("reminderSeconds", reminder, 60, 604800),
        NUMBER("perHour", per_hour, 1, 3600),
        NUMBER("digestFrom", digest_from, 0, 1000),
        { .name = "quietHours",
          .type = JSON_OBJECT,
          .optional = true,
          .offset = offsetof(Rules, quiet),
          .fields = quiet_fields },
        { 0 },
};

#define QUIET                                                                                      \
        "quietHours is {\"from\": \"22:00\", \"to\": \"07:00\", \"timeZone\": "                    \
        "\"Europe/Berlin\"}, perhaps with \"days\" and \"except\""

/* By the member that is not as it should be. */
static const struct {
        const char *name, *reason;
} refusals[] = {
        { "recovery", "recovery is true or false" },
        { "delaySeconds", "delaySeconds is a number from 0 to 86400" },
        { "reminderSeconds", "reminderSeconds is a number from 60 to 604800" },
        { "perHour", "perHour is a number from 1 to 3600" },
        { "digestFrom", "digestFrom is a number from 0 to 1000" },
        { "quietHours", QUIET },
        { "from", QUIET },
        { "to", QUIET },
        { "timeZone", QUIET },
        { "days", "days are some of mon, tue, wed, thu, fri, sat and sun, each once" },
        { "except", "except is some of down, partial, warning and info, each once" },
        { NULL, "rules are recovery, delaySeconds, reminderSeconds, quietHours, perHour and "
                "digestFrom, each if wanted" },
};

static const char *reason_of(const char *member) {
        size_t i = 0;

        while (refusals[i].name && strcmp(refusals[i].name, member) != 0)
                i++;
        return refusals[i].reason;
}

/* "07:00" */
static bool is_clock(const char *text) {
        return strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789") == 2 &&
               strspn(text + 3, "0123456789") == 2 && text[3] < '6' && strncmp(text, "24", 2) < 0;
}

/* Of these, and each once. */
static bool are_of(const JsonStrings *words, const char *const *known) {
        unsigned seen = 0, k;

        for (size_t i = 0; i < words->n; i++) {
                for (k = 0; known[k] && strcmp(known[k], words->items[i]) != 0; k++)
                        ;
                if (!known[k] || seen & (1u << k))
                        return false;
                seen |= 1u << k;
        }
        return true;
}

/* The member that is not as it should be; NULL: there is none. */
static const char *find_fault(const Quiet *q) {
        static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };
        static const char *const severities[] = { "down", "partial", "warning", "info", NULL };

        if (!q->from)
                return NULL;
        if (!is_clock(q->from) || !is_clock(q->to) || strcmp(q->from, q->to) == 0)
                return "quietHours";
        if (!are_of(&q->days, days))
                return "days";
        return are_of(&q->except, severities) ? NULL : "except";
}

int alert_rules_check(const char *json, const char **reason) {
        const char *member = "";
        Rules rules = { 0 };
        int r;

        *reason = reason_of("");
        if (strlen(json) > ALERT_RULES_MAX)
                return -EINVAL;
        r = json_read(json, strlen(json), fields, &rules, &member);
        if (r < 0) {
                *reason = reason_of(member ? member : "");
                return r == -ENOMEM ? r : -EINVAL;
        }
        member = find_fault(&rules.quiet);
        *reason = member ? reason_of(member) : NULL;
        json_done(fields, &rules);
        return member ? -EINVAL : 0;
}
