/* base/json says which member is wrong; what would be right is said here. */
#include "api/website-body.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "wire/order.h"
#include "wire/spec.h"

#define INTERVAL_DEFAULT_MS 60000
#define NAME_MAX_CHARACTERS 200u

#define CHECK_SIZE (2 * SPEC_SIZE_MAX) /* longer than allowed, so that the reason can be told */

static const JsonField website_fields[] = {
        { .name = "check",
          .type = JSON_RAW,
          .optional = true,
          .offset = offsetof(WebsiteBody, check),
          .size = CHECK_SIZE },
        { .name = "family",
          .type = JSON_NUMBER,
          .optional = true,
          .offset = offsetof(WebsiteBody, family),
          .min = 4,
          .max = 6 },
        { .name = "intervalMs",
          .type = JSON_NUMBER,
          .optional = true,
          .offset = offsetof(WebsiteBody, interval_ms),
          .min = 10000,
          .max = 86400000 },
        { .name = "name",
          .type = JSON_STRING,
          .optional = true,
          .offset = offsetof(WebsiteBody, name),
          .size = WEBSITE_NAME_SIZE },
        { .name = "seats",
          .type = JSON_NUMBER,
          .optional = true,
          .offset = offsetof(WebsiteBody, seats),
          .min = 1,
          .max = 16 },
        { .name = "slowMs",
          .type = JSON_NUMBER,
          .optional = true,
          .offset = offsetof(WebsiteBody, slow_ms),
          .min = 1,
          .max = ORDER_TIMEOUT_RUN_MS },
        { .name = "timeoutMs",
          .type = JSON_NUMBER,
          .optional = true,
          .offset = offsetof(WebsiteBody, timeout_ms),
          .min = 100,
          .max = ORDER_TIMEOUT_RUN_MS },
        { .name = "url",
          .type = JSON_STRING,
          .offset = offsetof(WebsiteBody, url),
          .size = WEBSITE_URL_SIZE },
        { 0 },
};

typedef struct IdBody {
        char id[UUID_TEXT_SIZE];
} IdBody;

static const JsonField id_fields[] = {
        { .name = "websiteId",
          .type = JSON_STRING,
          .offset = offsetof(IdBody, id),
          .size = UUID_TEXT_SIZE },
        { 0 },
};

/* NULL: there is no such member. */
static const char *expected_of(const char *member) {
        static const struct {
                const char *member, *expected;
        } words[] = {
                { "check", "must be an object of at most 4096 bytes" },
                { "url", "must be a URL of at most 2048 characters" },
                { "name", "must be a text of at most 200 characters" },
                { "intervalMs", "must be a whole number from 10000 to 86400000" },
                { "timeoutMs",
                  "must be a whole number from 100 to 60000, and at most half of intervalMs" },
                { "family", "must be 4 or 6" },
                { "slowMs", "must be a whole number from 1 to 60000" },
                { "seats", "must be a whole number from 1 to 16" },
                { "websiteId", "must be a UUID" },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcmp(words[i].member, member) == 0)
                        return words[i].expected;
        return NULL;
}

static bool has_member(const JsonField *fields, const char *name) {
        for (; fields->name; fields++)
                if (strcmp(fields->name, name) == 0)
                        return true;
        return false;
}

static int refuse(BodyProblem *p, const char *member, const char *detail) {
        *p = (BodyProblem){ .status = 422 };
        snprintf(p->pointer, sizeof(p->pointer), "/%s", member);
        snprintf(p->detail, sizeof(p->detail), "%s", detail);
        return -EINVAL;
}

static int refuse_member(BodyProblem *p, const char *member) {
        char detail[sizeof(p->detail)];

        snprintf(detail, sizeof(detail), "The member \"%s\" %s.", member, expected_of(member));
        return refuse(p, member, detail);
}

/* Names of foreign members are not repeated: they may hold anything. */
static int read_body(const char *text, size_t n, const JsonField *fields, void *ret,
                     BodyProblem *p) {
        const char *error = NULL;
        int r;

        r = json_read(text, n, fields, ret, &error);
        if (r >= 0)
                return 0;

        if (r == -EBADMSG) {
                *p = (BodyProblem){ .status = 400 };
                snprintf(p->detail, sizeof(p->detail), "The body is no JSON object.");
                return -EINVAL;
        }
        if (error && has_member(fields, error))
                return refuse_member(p, error);
        *p = (BodyProblem){ .status = 422 };
        snprintf(p->detail, sizeof(p->detail), "The body has a member that is not known here.");
        return -EINVAL;
}

static bool name_is_fine(const char *name) {
        size_t characters = 0;

        for (const char *c = name; *c; c++) {
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        return false;
                characters += ((unsigned char)*c & 0xc0) != 0x80;
        }
        return characters <= NAME_MAX_CHARACTERS;
}

/* A reason as a sentence. */
static int refuse_for(BodyProblem *p, const char *member, const char *reason) {
        char detail[sizeof(p->detail)];

        snprintf(detail, sizeof(detail), "%c%s.",
                 reason[0] >= 'a' && reason[0] <= 'z' ? reason[0] - 'a' + 'A' : reason[0],
                 reason + 1);
        return refuse(p, member, detail);
}

/* What is wrong in a check is named by its kind's table; an unknown name is not repeated. */
static int refuse_check(const WebsiteBody *b, BodyProblem *p, int r, const char *reason) {
        char detail[sizeof(p->detail)];

        if (r == -EINVAL)
                return refuse_for(p, "check", spec_reason(b->url, b->check, reason, detail));
        if (r == -EMSGSIZE)
                return refuse_member(p, "check");
        snprintf(detail, sizeof(detail),
                 "The member \"check\" does not go with this kind of URL: %s.",
                 reason ? reason : "it is not understood");
        return refuse(p, "check", detail);
}

static int check_website(WebsiteBody *b, BodyProblem *p) {
        int64_t interval = b->interval_ms ? b->interval_ms : INTERVAL_DEFAULT_MS;
        const char *reason = NULL;
        int r;

        if (target_check(b->url, NULL, &reason) < 0)
                return refuse_for(p, "url", reason);
        r = spec_ask(b->url, b->check, &b->specification, &reason);
        if (r < 0)
                return refuse_check(b, p, r, reason);
        if (!name_is_fine(b->name))
                return refuse_member(p, "name");
        if (b->timeout_ms > interval / 2)
                return refuse_member(p, "timeoutMs");
        if (b->family == 5)
                return refuse_member(p, "family");
        return 0;
}

int website_body_read(const char *text, size_t n, WebsiteBody *ret, BodyProblem *problem) {
        int r;

        memset(ret, 0, sizeof(*ret));
        r = read_body(text, n, website_fields, ret, problem);
        if (r >= 0)
                r = check_website(ret, problem);
        if (r < 0)
                website_body_done(ret);
        return r;
}

void website_body_done(WebsiteBody *body) {
        json_done(website_fields, body);
        free(body->specification);
        body->specification = NULL;
}

int website_id_body_read(const char *text, size_t n, Uuid *ret, BodyProblem *problem) {
        IdBody body = { 0 };
        int r;

        r = read_body(text, n, id_fields, &body, problem);
        if (r < 0)
                return r;
        return uuid_parse(body.id, ret) < 0 ? refuse_member(problem, "websiteId") : 0;
}
