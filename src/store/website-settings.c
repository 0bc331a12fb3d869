/* Limits stand here once; the database has the same as constraints. */
#include "store/website-settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

#define TIMEOUT_DEFAULT_MS 10000u

#define NUMBER(JSON, BUS, MEMBER, MIN, MAX, EXPECTED)                                              \
        { JSON, BUS, offsetof(WebsiteSettings, MEMBER), MIN, MAX, EXPECTED }

static const char timeout_expected[] =
                "must be a whole number from 100 to 60000, and at most half the interval";

const WebsiteNumber website_numbers[] = {
        NUMBER("intervalMs", "interval_ms", interval_ms, WEBSITE_INTERVAL_MIN_MS,
               WEBSITE_INTERVAL_MAX_MS,
               "must be a whole number from 10000 to 86400000, that is 10 seconds to one day"),
        NUMBER("timeoutMs", "timeout_ms", timeout_ms, WEBSITE_TIMEOUT_MIN_MS,
               WEBSITE_TIMEOUT_MAX_MS, timeout_expected),
        NUMBER("slowMs", "slow_ms", slow_ms, 1, WEBSITE_SLOW_MAX_MS,
               "must be a whole number from 1 to 60000"),
        NUMBER("seats", "seats", seats, 1, WEBSITE_SEATS_MAX,
               "must be a whole number from 1 to 16"),
        NUMBER("family", "family", family, 4, 6, "must be 4 or 6"),
        NUMBER("confirmDown", "confirm_down", confirm_down, 1, WEBSITE_CONFIRM_MAX,
               "must be a whole number from 1 to 100"),
        NUMBER("confirmUp", "confirm_up", confirm_up, 1, WEBSITE_CONFIRM_MAX,
               "must be a whole number from 1 to 100"),
        NUMBER("confirmDownMs", "confirm_down_ms", confirm_down_ms, 0, WEBSITE_CONFIRM_MAX_MS,
               "must be a whole number from 0 to 86400000"),
        NUMBER("confirmUpMs", "confirm_up_ms", confirm_up_ms, 0, WEBSITE_CONFIRM_MAX_MS,
               "must be a whole number from 0 to 86400000"),
        NUMBER("certificateWarnDays", "certificate_warn_days", certificate_warn_days, 0,
               WEBSITE_CERTIFICATE_MAX, "must be a whole number from 0 to 365"),
        { 0 },
};

uint32_t website_settings_timeout(const WebsiteSettings *s) {
        return s->timeout_ms ? s->timeout_ms : MIN(TIMEOUT_DEFAULT_MS, s->interval_ms / 2);
}

static bool is_printable(const char *text, size_t most) {
        size_t characters = 0;

        for (const char *c = text; *c; c++) {
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        return false;
                characters += ((unsigned char)*c & 0xc0) != 0x80;
        }
        return characters <= most;
}

bool website_is_tag(const char *text, size_t n) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

        return n > 0 && n <= WEBSITE_TAG_MAX && strspn(text, allowed) >= n;
}

static bool are_tags(const char *list) {
        size_t count = 0;

        if (!*list)
                return true;
        for (const char *tag = list;; tag++) {
                size_t n = strcspn(tag, ",");

                if (!website_is_tag(tag, n) || ++count > WEBSITE_TAGS_MAX)
                        return false;
                tag += n;
                if (!*tag)
                        return true;
        }
}

static int refuse(WebsiteFault *ret, const char *json, const char *bus, const char *expected) {
        *ret = (WebsiteFault){ .json = json, .bus = bus, .expected = expected };
        return -EINVAL;
}

/* Which clause, and why. */
static int check_rules(const WebsiteSettings *s, WebsiteFault *ret) {
        char reason[RULES_REASON_SIZE];

        if (rules_check(s->rules, s->seats, NULL, reason) == 0)
                return 0;
        refuse(ret, "rules", "rules", ret->text);
        reason[0] = 't'; /* "The rule", "There may be" */
        snprintf(ret->text, sizeof(ret->text), "must be rules: %s", reason);
        return -EINVAL;
}

/* Timeout, slowness and family may be unset. */
static bool is_within(const WebsiteNumber *number, uint32_t value) {
        bool unset = value == 0 && (number->offset == offsetof(WebsiteSettings, timeout_ms) ||
                                    number->offset == offsetof(WebsiteSettings, slow_ms) ||
                                    number->offset == offsetof(WebsiteSettings, family));

        return unset || (value >= number->min && value <= number->max);
}

int website_settings_check(const WebsiteSettings *s, WebsiteFault *ret) {
        for (const WebsiteNumber *number = website_numbers; number->json; number++) {
                uint32_t value = *(const uint32_t *)((const char *)s + number->offset);

                if (!is_within(number, value))
                        return refuse(ret, number->json, number->bus, number->expected);
        }
        if (s->timeout_ms > s->interval_ms / 2)
                return refuse(ret, "timeoutMs", "timeout_ms", timeout_expected);
        if (s->family == 5)
                return refuse(ret, "family", "family", "must be 4 or 6");
        if (!is_printable(s->name, WEBSITE_NAME_MAX))
                return refuse(ret, "name", "name", "must be a text of at most 200 characters");
        if (!are_tags(s->tags))
                return refuse(ret, "tags", "tags", WEBSITE_TAGS_EXPECTED);
        return check_rules(s, ret);
}
