/* What people may set for a website, beside its URL. Every door (REST, D-Bus) reads into this and
 * is refused by the same limits; a row has the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/rules.h"

#define WEBSITE_INTERVAL_MIN_MS 10000u
#define WEBSITE_INTERVAL_MAX_MS 86400000u
#define WEBSITE_TIMEOUT_MIN_MS  100u
#define WEBSITE_TIMEOUT_MAX_MS  60000u /* as an order's */
#define WEBSITE_SLOW_MAX_MS     60000u
#define WEBSITE_SEATS_MAX       16u
#define WEBSITE_CONFIRM_MAX     100u
#define WEBSITE_CONFIRM_MAX_MS  86400000u
#define WEBSITE_CERTIFICATE_MAX 365u
#define WEBSITE_NAME_MAX        200u /* characters */
#define WEBSITE_TAGS_MAX        16u
#define WEBSITE_TAG_MAX         32u                                        /* bytes */
#define WEBSITE_TAGS_SIZE       (WEBSITE_TAGS_MAX * (WEBSITE_TAG_MAX + 1)) /* as a text */

/* Texts are borrowed. */
typedef struct WebsiteSettings {
        const char *name;
        const char *specification; /* exact bytes, as wire/spec.h; "": as by default of the URL */
        const char *rules;         /* as wire/rules.h; "": none */
        const char *tags; /* labels of the organisation's own, with commas; a row has them in order
                           * and each once; "": none */
        uint32_t interval_ms;
        uint32_t timeout_ms; /* 0: 10 s, or half the interval if that is less */
        uint32_t slow_ms;    /* slower is DEGRADED; 0: nothing is */
        uint32_t seats;
        uint32_t family; /* of addresses: 0 (whichever), 4, 6 */
        /* An incident opens (closes) after so many judgements in a row, and after so long. */
        uint32_t confirm_down, confirm_up;
        uint32_t confirm_down_ms, confirm_up_ms;
        /* A certificate that ends within so many days is an incident; 0: it is not. */
        uint32_t certificate_warn_days;
} WebsiteSettings;

#define WEBSITE_SETTINGS_DEFAULT                                                                   \
        ((WebsiteSettings){ .name = "",                                                            \
                            .specification = "",                                                   \
                            .rules = "",                                                           \
                            .tags = "",                                                            \
                            .interval_ms = 60000,                                                  \
                            .seats = 4,                                                            \
                            .confirm_down = 1,                                                     \
                            .confirm_up = 1,                                                       \
                            .certificate_warn_days = 14 })

/* A number among them: its name in REST and on D-Bus, and its limits. */
typedef struct WebsiteNumber {
        const char *json, *bus;
        size_t offset; /* of a uint32_t */
        uint32_t min, max;
        const char *expected; /* "must be ...", as a sentence's end */
} WebsiteNumber;

/* Ended by one without a name. */
#define WEBSITE_NUMBERS 10u
extern const WebsiteNumber website_numbers[];

static inline uint32_t *website_number(WebsiteSettings *s, const WebsiteNumber *number) {
        return (uint32_t *)((char *)s + number->offset);
}

/* Where something is wrong: the member's name in REST and on D-Bus, and what it has to be. */
typedef struct WebsiteFault {
        const char *json, *bus;
        const char *expected; /* borrowed, perhaps from text: such a fault is not copied */
        char text[RULES_REASON_SIZE + 16];
} WebsiteFault;

/* Its first n bytes are a tag: 1 to WEBSITE_TAG_MAX of a-z, 0-9, ".", "_" and "-". */
bool website_is_tag(const char *text, size_t n);
#define WEBSITE_TAGS_EXPECTED                                                                      \
        "must be at most 16 tags, each of 1 to 32 characters of a-z, 0-9, \".\", \"_\" and \"-\""
/* 0, or -EINVAL with *ret. What the specification says is judged by wire/spec.h. */
int website_settings_check(const WebsiteSettings *s, WebsiteFault *ret);
/* The timeout that holds. */
uint32_t website_settings_timeout(const WebsiteSettings *s);
