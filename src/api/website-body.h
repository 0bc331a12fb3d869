/* What people send about websites, read and judged member by member. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/body.h"
#include "base/id.h"
#include "base/json.h"
#include "store/websites.h"

#define WEBSITE_URL_SIZE   8192 /* longer than allowed, so that the reason can be told */
#define WEBSITE_NAME_SIZE  1024
#define WEBSITE_RULES_SIZE 1024

typedef struct WebsiteBody {
        char url[WEBSITE_URL_SIZE];
        char name[WEBSITE_NAME_SIZE];
        char rules[WEBSITE_RULES_SIZE];
        int64_t numbers[WEBSITE_NUMBERS]; /* as website_numbers; below 0: not sent */
        JsonStrings tags;                 /* as they were sent */
        char tags_text[WEBSITE_TAGS_SIZE];
        char *check;              /* as it was sent */
        char *specification;      /* what it means: exact bytes, "" as by default of the URL */
        WebsiteSettings settings; /* all of it; defaults where nothing was sent */
} WebsiteBody;

/* 0, and *ret is to be done; or -EINVAL with *problem. */
int website_body_read(const char *text, size_t n, WebsiteBody *ret, BodyProblem *problem);
void website_body_done(WebsiteBody *body);
/* A change: members that were not sent stay as they are, null is the default. */
typedef struct WebsitePatch {
        Uuid id, parent; /* parent zero: it depends on nothing */
        JsonSeen parent_seen, paused_seen, name_seen, rules_seen, tags_seen, check_seen;
        JsonSeen number_seen[WEBSITE_NUMBERS];
        bool paused;
        char id_text[UUID_TEXT_SIZE], parent_text[UUID_TEXT_SIZE];
        WebsiteBody body; /* its settings are what results */
} WebsitePatch;

/* 0, and *ret is to be done, also after website_patch_apply(); or -EINVAL with *problem. */
int website_patch_read(const char *text, size_t n, WebsitePatch *ret, BodyProblem *problem);
/* What results of a website as it is; borrows row's texts. 0; -EINVAL with *problem. May be called
 * again for a newer row. */
int website_patch_apply(WebsitePatch *patch, const WebsiteRow *row, BodyProblem *problem);
void website_patch_done(WebsitePatch *patch);
/* {"websiteId": UUID}; likewise. */
int website_id_body_read(const char *text, size_t n, Uuid *ret, BodyProblem *problem);
