/* Judging what people write: not empty, not too long, nothing in it that would play tricks with a
 * terminal. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct TextRule {
        const char *what; /* begins the sentence of a refusal: "A note" */
        size_t most;      /* characters; at least one has to be there that is no blank */
        bool lines;       /* line breaks and tabs are fine */
} TextRule;

#define TEXT_REFUSAL_SIZE 128

/* 0; -EINVAL, and *ret says why. text is UTF-8. */
int text_judge(const TextRule *rule, const char *text, char ret[static TEXT_REFUSAL_SIZE]);
