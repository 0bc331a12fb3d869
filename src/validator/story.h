/* What there is to tell of a check beside its tick, for people who ask. */
#pragma once

#include "validator/assert.h"

typedef struct CheckStory {
        char detail[ASSERT_SENTENCE_SIZE]; /* more on the failure, in UTF-8; "": none */
        size_t n_assertions;               /* 0 as well when there was no answer to judge */
        AssertOutcome assertions[ASSERTIONS_MAX];
} CheckStory;

/* Takes a library's words or a stranger's: one line, in UTF-8. text may be NULL. */
void check_story_detail(CheckStory *s, const char *text);
