/* A set of database ids, in little room: they are dense as a rule. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As bits where that is shorter, else sorted. Zeros: the empty set. */
typedef struct IdSet {
        union {
                uint8_t *bits; /* n bytes */
                uint32_t *ids; /* n of them */
        };
        uint32_t n;
        bool as_bits;
} IdSet;

/* Of n ids, in any order. -ENOMEM. */
int id_set_make(IdSet *ret, const uint32_t *ids, size_t n);
void id_set_done(IdSet *s);
bool id_set_has(const IdSet *s, uint32_t id);
