/* The words of texts stand here, those of numbers where their limits do. */
#include "api/website-body.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "wire/spec.h"

#define CHECK_SIZE (2 * SPEC_SIZE_MAX) /* longer than allowed, so that the reason can be told */

/* Members that are no numbers. */
#define MEMBERS       5u
#define PATCH_MEMBERS 7u

#define CHECK_EXPECTED "must be an object of at most 4096 bytes"

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
        { .name = "tags",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(WebsiteBody, tags),
          .size = WEBSITE_TAG_MAX,
          .max = WEBSITE_TAGS_MAX },
        { .name = "url",
          .type = JSON_STRING,
          .offset = offsetof(WebsiteBody, url),
          .size = WEBSITE_URL_SIZE },
};

static const BodyWords words[] = {
        { "check", CHECK_EXPECTED },
        { "name", "must be a text of at most 200 characters" },
        { "parentId", "must be the UUID of a website, or null" },
        { "paused", "must be true or false" },
        { "rules", "must be rules of at most 512 bytes" },
        { "tags", WEBSITE_TAGS_EXPECTED },
        { "url", "must be a URL of at most 2048 characters" },
        { "websiteId", "must be a UUID" },
        { 0 },
};

#define WORDS (ELEMENTSOF(words) - 1)

/* A table with every number that a website has. */
typedef struct NumberTable {
        JsonField fields[PATCH_MEMBERS + WEBSITE_NUMBERS + 1];
        BodyWords words[WORDS + WEBSITE_NUMBERS + 1];
        BodyTable table;
} NumberTable;

/* Its first fields are of no number; the numbers are there. */
static JsonField *make_table(NumberTable *ret, const JsonField *others, size_t n) {
        JsonField *numbers = ret->fields + n;

        *ret = (NumberTable){ .table = { ret->fields, ret->words } };
        memcpy(ret->fields, others, n * sizeof(*others));
        memcpy(ret->words, words, WORDS * sizeof(*words));
        for (size_t i = 0; i < WEBSITE_NUMBERS; i++) {
                numbers[i] = (JsonField){
                        .name = website_numbers[i].json,
                        .type = JSON_NUMBER,
                        .optional = true,
                        .offset = offsetof(WebsiteBody, numbers) + i * sizeof(int64_t),
                        .min = website_numbers[i].min,
                        .max = website_numbers[i].max,
                };
                ret->words[WORDS + i] =
                                (BodyWords){ website_numbers[i].json, website_numbers[i].expected };
        }
        return numbers;
}

static const BodyTable *make_website_table(NumberTable *ret) {
        (void)make_table(ret, texts, MEMBERS);
        return &ret->table;
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

static const BodyTable id_table = { id_fields, words };

/* What is wrong in a check is named by its kind's table; an unknown name is not repeated. */
static int refuse_check(const WebsiteBody *b, BodyProblem *p, int r, const char *reason) {
        char detail[sizeof(p->detail)];

        if (r == -EINVAL)
                return body_refuse_for(p, "check", spec_reason(b->url, b->check, reason, detail));
        if (r == -EMSGSIZE)
                return body_refuse_as(p, "check", CHECK_EXPECTED);
        snprintf(detail, sizeof(detail), "does not go with this kind of URL: %s",
                 reason ? reason : "it is not understood");
        return body_refuse_as(p, "check", detail);
}

/* With commas, which no tag has. */
static int join_tags(WebsiteBody *b, BodyProblem *p) {
        size_t at = 0;

        for (size_t i = 0; i < b->tags.n; i++) {
                const char *tag = b->tags.items[i];

                if (!website_is_tag(tag, strlen(tag)))
                        return body_refuse_as(p, "tags", WEBSITE_TAGS_EXPECTED);
                at += (size_t)snprintf(b->tags_text + at, sizeof(b->tags_text) - at, "%s%s",
                                       i > 0 ? "," : "", tag);
        }
        return 0;
}

static void settle(WebsiteBody *b) {
        b->settings = WEBSITE_SETTINGS_DEFAULT;
        b->settings.name = b->name;
        b->settings.rules = b->rules;
        b->settings.tags = b->tags_text;
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
                return body_refuse_for(p, "url", reason);
        r = spec_ask(b->url, b->check, &b->specification, &reason);
        if (r < 0)
                return refuse_check(b, p, r, reason);
        settle(b);
        if (website_settings_check(&b->settings, &fault) < 0)
                return body_refuse_as(p, fault.json, fault.expected);
        return 0;
}

int website_body_read(const char *text, size_t n, WebsiteBody *ret, BodyProblem *problem) {
        NumberTable made;
        int r;

        memset(ret, 0, sizeof(*ret));
        for (size_t i = 0; i < WEBSITE_NUMBERS; i++)
                ret->numbers[i] = -1;
        r = body_read(text, n, make_website_table(&made), ret, problem);
        if (r >= 0)
                r = join_tags(ret, problem);
        if (r >= 0)
                r = check_website(ret, problem);
        if (r < 0)
                website_body_done(ret);
        return r;
}

void website_body_done(WebsiteBody *body) {
        NumberTable made;

        json_done(make_website_table(&made)->fields, body);
        free(body->specification);
        body->specification = NULL;
}

/* Changing ---------------------------------------------------------------------------------------
 */

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
        { .name = "tags",
          .type = JSON_STRINGS,
          .optional = true,
          .nullable = true,
          .offset = offsetof(WebsitePatch, body.tags),
          .seen = offsetof(WebsitePatch, tags_seen),
          .size = WEBSITE_TAG_MAX,
          .max = WEBSITE_TAGS_MAX },
};

static const BodyTable *make_patch_table(NumberTable *ret) {
        JsonField *numbers = make_table(ret, patch_texts, PATCH_MEMBERS);

        for (size_t i = 0; i < WEBSITE_NUMBERS; i++) {
                numbers[i].offset += offsetof(WebsitePatch, body);
                numbers[i].nullable = true;
                numbers[i].seen = offsetof(WebsitePatch, number_seen) + i * sizeof(JsonSeen);
        }
        return &ret->table;
}

int website_patch_read(const char *text, size_t n, WebsitePatch *ret, BodyProblem *problem) {
        NumberTable made;
        int r;

        *ret = (WebsitePatch){ 0 };
        r = body_read(text, n, make_patch_table(&made), ret, problem);
        if (r >= 0 && uuid_parse(ret->id_text, &ret->id) < 0)
                r = body_refuse(problem, &made.table, "websiteId");
        if (r >= 0 && ret->parent_seen == JSON_SEEN_VALUE &&
            uuid_parse(ret->parent_text, &ret->parent) < 0)
                r = body_refuse(problem, &made.table, "parentId");
        if (r >= 0)
                r = join_tags(&ret->body, problem);
        if (r < 0)
                website_patch_done(ret);
        return r;
}

void website_patch_done(WebsitePatch *patch) {
        NumberTable made;

        json_done(make_patch_table(&made)->fields, patch);
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
        s->tags = choose(patch->tags_seen, patch->body.tags_text, row->settings.tags);
        apply_numbers(patch, s);
        if (patch->paused_seen != JSON_SEEN_VALUE)
                patch->paused = patch->paused_seen == JSON_SEEN_NOTHING && row->paused;
        if (website_settings_check(s, &fault) < 0)
                return body_refuse_as(problem, fault.json, fault.expected);
        return 0;
}

int website_id_body_read(const char *text, size_t n, Uuid *ret, BodyProblem *problem) {
        IdBody body = { 0 };
        int r;

        r = body_read(text, n, &id_table, &body, problem);
        if (r < 0)
                return r;
        return uuid_parse(body.id, ret) < 0 ? body_refuse(problem, &id_table, "websiteId") : 0;
}
