/* Who was eligible when an epoch began, as a list of bytes: by ascending id, of each validator its
 * id (u32 big-endian), key and origin. Many websites choose from the same, which is stored once. */
#pragma once

#include "hub/roster.h"

#define ELIGIBLE_SIZE (4 + 32 + CHOICE_ORIGIN_SIZE) /* bytes of one */

/* The caller's, n bytes. */
typedef struct EligibleList {
        uint8_t *bytes;
        size_t n;
        uint8_t digest[SHA256_SIZE];
} EligibleList;

void eligible_list_done(EligibleList *l);
/* In any order; who is not on the roster is left out. -ENOMEM. */
int eligible_list_make(EligibleList *ret, const Roster *roster, const uint32_t *ids, size_t n);

/* The ids of a list of n bytes, as they come; the caller's. NULL: no memory. */
uint32_t *eligible_ids(const uint8_t *list, size_t n, size_t *ret_n);
/* Where each one of a list of n bytes begins, highest score first; the caller's. NULL: no memory.
 */
const uint8_t **eligible_by_score(const uint8_t *list, size_t n, const Uuid *website,
                                  const uint8_t secret[static 32]);

/* Lists that were stored lately: zeros at first. */
#define ELIGIBLE_STORED_MAX 64
#define ELIGIBLE_STORED_FOR USEC_PER_HOUR
typedef struct EligibleStored {
        struct {
                uint8_t digest[SHA256_SIZE];
                usec_t at; /* 0: none */
        } items[ELIGIBLE_STORED_MAX];
        size_t next;
} EligibleStored;

/* Whether to store it now; it is expected to be. */
bool eligible_must_store(EligibleStored *s, const uint8_t digest[static SHA256_SIZE], usec_t now);
