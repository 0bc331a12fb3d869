/* Who was eligible when an epoch began, as a list of bytes: by ascending id, of each validator its
 * id (u32 big-endian), key and origin. Many websites choose from the same, which is stored once. Of
 * a website's own order, its ranking, the beginning is stored: ids alone. */
#pragma once

#include "hub/roster.h"

#define ELIGIBLE_SIZE (4 + 32 + CHOICE_ORIGIN_SIZE) /* bytes of one */
#define RANKED_SIZE   4                             /* of one in a ranking */

/* All are the caller's; NULL: no memory. */

/* Of ids in any order; who is not on the roster is left out. */
uint8_t *eligible_list(const Roster *roster, const uint32_t *ids, size_t n, size_t *ret_n);
/* Of ids in their order. */
uint8_t *eligible_ranking(const uint32_t *ids, size_t n, size_t *ret_n);
/* The ids in n bytes, as they come; each takes ELIGIBLE_SIZE or RANKED_SIZE of them. */
uint32_t *eligible_ids(const uint8_t *bytes, size_t n, size_t each, size_t *ret_n);
/* Where each one of a list of n bytes begins, highest score first. */
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
