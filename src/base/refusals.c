/* Two hash tables: pairs seen within the last minute, and totals per code. */
#include "base/refusals.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#define NAME_SIZE 64

typedef struct Pair {
        char name[2 * NAME_SIZE]; /* "code source" */
        char code[NAME_SIZE];
        usec_t since;
        uint64_t more;
        UT_hash_handle hh;
} Pair;

typedef struct Total {
        char code[NAME_SIZE];
        uint64_t count;
        UT_hash_handle hh;
} Total;

struct Refusals {
        Pair *pairs;
        Total *totals;
};

int refusals_new(Refusals **ret) {
        Refusals *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        *ret = r;
        return 0;
}

Refusals *refusals_free(Refusals *r) {
        Pair *p, *next_pair;
        Total *t, *next_total;

        if (!r)
                return NULL;
        HASH_ITER(hh, r->pairs, p, next_pair) {
                HASH_DEL(r->pairs, p);
                free(p);
        }
        HASH_ITER(hh, r->totals, t, next_total) {
                HASH_DEL(r->totals, t);
                free(t);
        }
        free(r);
        return NULL;
}

static void count_total(Refusals *r, const char *code) {
        Total *t;

        HASH_FIND_STR(r->totals, code, t);
        if (!t) {
                t = calloc(1, sizeof(*t));
                if (!t)
                        return;
                snprintf(t->code, sizeof(t->code), "%s", code);
                HASH_ADD_STR(r->totals, code, t);
        }
        t->count++;
}

static Pair *add_pair(Refusals *r, const char *code, const char *name, usec_t now) {
        Pair *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        snprintf(p->name, sizeof(p->name), "%s", name);
        snprintf(p->code, sizeof(p->code), "%s", code);
        p->since = now;
        HASH_ADD_STR(r->pairs, name, p);
        return p;
}

static Pair *find_pair(Refusals *r, const char *code, const char *source, char *ret_name) {
        Pair *p;

        snprintf(ret_name, 2 * NAME_SIZE, "%s %.*s", code, NAME_SIZE - 1, source);
        HASH_FIND_STR(r->pairs, ret_name, p);
        return p;
}

bool refusals_count(Refusals *r, const char *code, const char *source, usec_t now) {
        char short_code[NAME_SIZE], name[2 * NAME_SIZE];
        Pair *p;

        snprintf(short_code, sizeof(short_code), "%s", code);
        count_total(r, short_code);
        p = find_pair(r, short_code, source, name);
        if (!p && HASH_COUNT(r->pairs) >= REFUSALS_KINDS_MAX)
                p = find_pair(r, short_code, "others", name);
        if (!p)
                return add_pair(r, short_code, name, now);
        p->more++;
        return false;
}

void refusals_summarise(Refusals *r, usec_t now, RefusalsSummary summary, void *userdata) {
        Pair *p, *next;

        HASH_ITER(hh, r->pairs, p, next) {
                if (p->more > 0)
                        summary(p->code, p->name + strlen(p->code) + 1, p->more, userdata);
                p->more = 0;
                if (now - p->since < USEC_PER_MIN)
                        continue;
                HASH_DEL(r->pairs, p);
                free(p);
        }
}

uint64_t refusals_total(const Refusals *r, const char *code) {
        Total *t;

        HASH_FIND_STR(r->totals, code, t);
        return t ? t->count : 0;
}

void refusals_totals(const Refusals *r, RefusalsTotal total, void *userdata) {
        Total *t, *next;

        HASH_ITER(hh, r->totals, t, next)
        total(t->code, t->count, userdata);
}
