/* A website's rules, as fast to ask as there are candidates. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "hub/committee.h"
#include "wire/rules.h"

typedef struct RuleSet RuleSet;

/* 64 bits of a name, as candidates carry it; never 0 but for the empty one: "not known". Of a
 * region the lower 32. */
uint64_t text_id(const char *text);

/* *ret is NULL for rules that admit everybody. -ENOMEM. */
int rule_set_new(RuleSet **ret, const Rules *rules);
RuleSet *rule_set_free(RuleSet *s);
DEFINE_FREEP(RuleSet, rule_set_free);
/* NULL admits everybody, and asks for nothing. */
bool rule_set_admits(const RuleSet *s, const Candidate *c);
/* In their one spelling. */
const char *rule_set_text(const RuleSet *s);
Minima rule_set_minima(const RuleSet *s);
