/* Which ticks are stored already: what is sent again counts once. */
#pragma once

#include "base/time.h"
#include "store/store.h"

typedef struct TickIdentity {
        uint64_t order;
        uint32_t number;
        bool scheduled;
} TickIdentity;

typedef void (*TickIdentities)(int r, const TickIdentity *rows, size_t n, void *userdata);

typedef struct TickQuestion {
        uint64_t order;  /* 0: any */
        usec_t from, to; /* by start, to the end of the five minutes in which `to` is */
} TickQuestion;

typedef struct TickQuestions {
        uint32_t validator;
        const TickQuestion *questions; /* n of them, at least one */
        size_t n;
} TickQuestions;

/* Which of its ticks of these orders are stored already, in any order. One that is there twice is
 * answered twice. */
int tick_identities_load(Store *s, const TickQuestions *q, TickIdentities callback, void *userdata,
                         StoreCall **ret);

/* The same of all orders, whoever holds them; that of the question is 0. */
int tick_identities_load_all(Store *s, const TickQuestion *q, TickIdentities callback,
                             void *userdata, StoreCall **ret);

extern const PqStatement *const identities_statements[];
