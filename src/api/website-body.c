/* base/json says which member is wrong; what would be right is said here. */
#include "api/website-body.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "wire/spec.h"

#define CHECK_SIZE (2 * SPEC_SIZE_MAX) /* longer than allowed, so that the reason can be told */

#define MEMBERS 4u /* that are no numbers */

static const JsonField texts[MEMBERS] = {
        { .name = "check",
          .type = JSON_RAW,
          .optional = true,
          .offset = offsetof(WebsiteBody, check),
          .size = CHECK_SIZE },
        { .name = "name",
          .type = JSON_STRING,
          .optional = true,
          .offset = offsetof(WebsiteBody, name),
          .size = WEBSITE_NAME_SIZE },
        { .name = "rules",
          .type = JSON_STRING,
          .optional = true,
          .offset = offsetof(WebsiteBody, rules),
          .size = WEBSITE_RULES_SIZE },
        { .name = "url",
          .type = JSON_STRING,
          .offset = offsetof(WebsiteBody, url),
          .size = WEBSITE_URL_SIZE },
};

typedef struct WebsiteFields {
        JsonField items[MEMBERS + WEBSITE_NUMBERS + 1];
} WebsiteFields;

/* Texts, and every number that a website has. */
static const JsonField *make_fields(WebsiteFields *ret) {
        *ret = (WebsiteFields){ 0 };
        memcpy(ret->items, texts, sizeof(texts));
        for (size_t i = 0; i < WEBSITE_NUMBERS; i++)
                ret->items[MEMBERS + i] = (JsonField){
                        .name = website_numbers[i].json,
                        .type = JSON_NUMBER,
                        .optional = true,
                        .offset = offsetof(WebsiteBody, numbers) + i * sizeof(int64_t),
                        .min = website_numbers[i].min,
                        .max = website_numbers[i].max,
                };
        return ret->items;
}

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
                { "rules", "must be rules of at most 512 bytes" },
                { "parentId", "must be the UUID of a website, or null" },
                { "paused", "must be true or false" },
                { "websiteId", "must be a UUID" },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcmp(words[i].member, member) == 0)
                        return words[i].expected;
        for (size_t i = 0; i < WEBSITE_NUMBERS; i++)
                if (strcmp(website_numbers[i].json, member) == 0)
                        return website_numbers[i].expected;
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

static int refuse_as(BodyProblem *p, const char *member, const char *expected) {
        char detail[sizeof(p->detail)];

        snprintf(detail, sizeof(detail), "The member \"%s\" %s.", member, expected);
        return refuse(p, member, detail);
}

static int refuse_member(BodyProblem *p, const char *member) {
        return refuse_as(p, member, expected_of(member));
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

static void settle(WebsiteBody *b) {
        b->settings = WEBSITE_SETTINGS_DEFAULT;
        b->settings.name = b->name;
        b->settings.rules = b->rules;
        b->settings.specification = b->specification;
        for (size_t i = 0; i < WEBSITE_NUMBERS; i++)
                if (b->numbers[i] >= 0)
                        *website_number(&b->settings, &website_numbers[i]) =
                                        (uint32_t)b->numbers[i];
}

static int check_website(WebsiteBody *b, BodyProblem *p) {
        const char *reason = NULL;
        WebsiteFault fault;
        int r;

        if (target_check(b->url, NULL, &reason) < 0)
                return refuse_for(p, "url", reason);
        r = spec_ask(b->url, b->check, &b->specification, &reason);
        if (r < 0)
                return refuse_check(b, p, r, reason);
        settle(b);
        if (website_settings_check(&b->settings, &fault) < 0)
                return refuse_as(p, fault.json, fault.expected);
        return 0;
}

int website_body_read(const char *text, size_t n, WebsiteBody *ret, BodyProblem *problem) {
        WebsiteFields fields;
        int r;

        memset(ret, 0, sizeof(*ret));
        for (size_t i = 0; i < WEBSITE_NUMBERS; i++)
                ret->numbers[i] = -1;
        r = read_body(text, n, make_fields(&fields), ret, problem);
        if (r >= 0)
                r = check_website(ret, problem);
        if (r < 0)
                website_body_done(ret);
        return r;
}

void website_body_done(WebsiteBody *body) {
        WebsiteFields fields;

        json_done(make_fields(&fields), body);
        free(body->specification);
        body->specification = NULL;
}

/* Changing ---------------------------------------------------------------------------------------
 */

#define PATCH_MEMBERS 6u /* that are no numbers */

#define PATCH(NAME, TYPE, MEMBER, SEEN, SIZE)                                                      \
        {                                                                                          \
                .name = NAME, .type = TYPE, .optional = true, .nullable = true,                    \
                .offset = offsetof(WebsitePatch, MEMBER), .seen = offsetof(WebsitePatch, SEEN),    \
                .size = SIZE                                                                       \
        }

static const JsonField patch_texts[PATCH_MEMBERS] = {
        { .name = "websiteId",
          .type = JSON_STRING,
          .offset = offsetof(WebsitePatch, id_text),
          .size = UUID_TEXT_SIZE },
        PATCH("check", JSON_RAW, body.check, check_seen, CHECK_SIZE),
        PATCH("name", JSON_STRING, body.name, name_seen, WEBSITE_NAME_SIZE),
        PATCH("parentId", JSON_STRING, parent_text, parent_seen, UUID_TEXT_SIZE),
        PATCH("paused", JSON_BOOL, paused, paused_seen, sizeof(bool)),
        PATCH("rules", JSON_STRING, body.rules, rules_seen, WEBSITE_RULES_SIZE),
};

typedef struct PatchFields {
        JsonField items[PATCH_MEMBERS + WEBSITE_NUMBERS + 1];
} PatchFields;

static const JsonField *make_patch_fields(PatchFields *ret) {
        WebsiteFields fields;

        *ret = (PatchFields){ 0 };
        memcpy(ret->items, patch_texts, sizeof(patch_texts));
        (void)make_fields(&fields);
        for (size_t i = 0; i < WEBSITE_NUMBERS; i++) {
                JsonField *field = &ret->items[PATCH_MEMBERS + i];

                *field = fields.items[MEMBERS + i];
                field->offset += offsetof(WebsitePatch, body);
                field->nullable = true;
                field->seen = offsetof(WebsitePatch, number_seen) + i * sizeof(JsonSeen);
        }
        return ret->items;
}

int website_patch_read(const char *text, size_t n, WebsitePatch *ret, BodyProblem *problem) {
        PatchFields fields;
        int r;

        *ret = (WebsitePatch){ 0 };
        r = read_body(text, n, make_patch_fields(&fields), ret, problem);
        if (r >= 0 && uuid_parse(ret->id_text, &ret->id) < 0)
                r = refuse_member(problem, "websiteId");
        if (r >= 0 && ret->parent_seen == JSON_SEEN_VALUE &&
            uuid_parse(ret->parent_text, &ret->parent) < 0)
                r = refuse_member(problem, "parentId");
        if (r < 0)
                website_patch_done(ret);
        return r;
}

void website_patch_done(WebsitePatch *patch) {
        PatchFields fields;

        json_done(make_patch_fields(&fields), patch);
        free(patch->body.specification);
        patch->body.specification = NULL;
}

static const char *choose(JsonSeen seen, const char *sent, const char *row) {
        if (seen == JSON_SEEN_NOTHING)
                return row;
        return seen == JSON_SEEN_NULL ? "" : sent;
}

static void apply_numbers(const WebsitePatch *patch, WebsiteSettings *s) {
        WebsiteSettings defaults = WEBSITE_SETTINGS_DEFAULT;

        for (size_t i = 0; i < WEBSITE_NUMBERS; i++) {
                const WebsiteNumber *number = &website_numbers[i];

                if (patch->number_seen[i] == JSON_SEEN_NULL)
                        *website_number(s, number) = *website_number(&defaults, number);
                else if (patch->number_seen[i] == JSON_SEEN_VALUE)
                        *website_number(s, number) = (uint32_t)patch->body.numbers[i];
        }
}

/* A check that was sent goes with the URL, which stays. */
static int apply_check(WebsitePatch *patch, const WebsiteRow *row, BodyProblem *p) {
        WebsiteBody *b = &patch->body;
        const char *reason = NULL;
        int r = 0;

        snprintf(b->url, sizeof(b->url), "%s", row->url);
        free(b->specification);
        b->specification = NULL;
        if (patch->check_seen == JSON_SEEN_VALUE)
                r = spec_ask(b->url, b->check, &b->specification, &reason);
        if (r < 0)
                return refuse_check(b, p, r, reason);
        b->settings.specification =
                        choose(patch->check_seen, b->specification, row->settings.specification);
        return 0;
}

int website_patch_apply(WebsitePatch *patch, const WebsiteRow *row, BodyProblem *problem) {
        WebsiteSettings *s = &patch->body.settings;
        WebsiteFault fault;
        int r;

        *s = row->settings;
        r = apply_check(patch, row, problem);
        if (r < 0)
                return r;
        s->name = choose(patch->name_seen, patch->body.name, row->settings.name);
        s->rules = choose(patch->rules_seen, patch->body.rules, row->settings.rules);
        apply_numbers(patch, s);
        if (patch->paused_seen != JSON_SEEN_VALUE)
                patch->paused = patch->paused_seen == JSON_SEEN_NOTHING && row->paused;
        if (website_settings_check(s, &fault) < 0)
                return refuse_as(problem, fault.json, fault.expected);
        return 0;
}

int website_id_body_read(const char *text, size_t n, Uuid *ret, BodyProblem *problem) {
        IdBody body = { 0 };
        int r;

        r = read_body(text, n, id_fields, &body, problem);
        if (r < 0)
                return r;
        return uuid_parse(body.id, ret) < 0 ? refuse_member(problem, "websiteId") : 0;
}
