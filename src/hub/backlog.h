/* Changes of orders that a validator will be told when it has read what it was sent before: however
 * many orders it has, only a few frames of them wait in its connection. Pure. */
#pragma once

#include "base/macro.h"
#include "base/time.h"
#include "hub/outbox.h"

typedef struct Backlog Backlog;

int backlog_new(Backlog **ret);
Backlog *backlog_free(Backlog *b);
DEFINE_FREEP(Backlog, backlog_free);

/* The validator has joined: what waited is void, its next frame begins from nothing. 0, -ENOMEM. */
int backlog_begin(Backlog *b, uint32_t validator, usec_t now);
/* Copies them; spares are left out. 0; -ENOMEM: none of them. */
int backlog_add(Backlog *b, uint32_t validator, const OutboxChange *changes, size_t n, usec_t now);
/* 1: the next frame, which may be told nothing but to begin from nothing. 0: none waits. What has
 * come to nothing meanwhile is passed over. */
int backlog_take(Backlog *b, uint32_t validator, OutboxFrame *ret, usec_t now);
bool backlog_has(const Backlog *b, uint32_t validator);
/* It has gone. */
void backlog_forget(Backlog *b, uint32_t validator);
/* One of those whose changes have waited since before then, none taken; 0: there is none. */
uint32_t backlog_stuck(const Backlog *b, usec_t before);
