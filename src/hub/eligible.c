/* Lists are compared by their digests. */
#include "hub/eligible.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "hub/idset.h"
#include "wire/bytes.h"

static void write_candidate(ByteWriter *w, const Candidate *c) {
        uint8_t encoded[CHOICE_ORIGIN_SIZE];
        Origin origin = candidate_origin(c);

        origin_encode(&origin, encoded);
        write_u32(w, c->validator);
        write_bytes(w, c->key, sizeof(c->key));
        write_bytes(w, encoded, sizeof(encoded));
}

/* The roster is sorted as the list is to be. */
static void write_list(ByteWriter *w, const Roster *roster, const IdSet *ids) {
        for (size_t i = 0; i < roster->n; i++)
                if (id_set_has(ids, roster->items[i].validator))
                        write_candidate(w, &roster->items[i]);
}

uint8_t *eligible_list(const Roster *roster, const uint32_t *ids, size_t n, size_t *ret_n) {
        _cleanup_(id_set_unrefp) IdSet *set = id_set_new(ids, n);
        uint8_t *list;
        ByteWriter w;

        if (!set)
                return NULL;
        list = calloc(n + 1, ELIGIBLE_SIZE);
        if (!list)
                return NULL;
        w = byte_writer(list, n * ELIGIBLE_SIZE);
        write_list(&w, roster, set);
        *ret_n = (size_t)write_finish(&w);
        return list;
}

uint8_t *eligible_ranking(const uint32_t *ids, size_t n, size_t *ret_n) {
        uint8_t *ranking = calloc(n + 1, RANKED_SIZE);
        ByteWriter w = byte_writer(ranking, n * RANKED_SIZE);

        for (size_t i = 0; ranking && i < n; i++)
                write_u32(&w, ids[i]);
        *ret_n = n * RANKED_SIZE;
        return ranking;
}

uint32_t *eligible_ids(const uint8_t *bytes, size_t n, size_t each, size_t *ret_n) {
        uint32_t *ids = calloc(n / each + 1, sizeof(*ids));

        *ret_n = n / each;
        for (size_t i = 0; ids && i < *ret_n; i++)
                ids[i] = get_u32(bytes + i * each);
        return ids;
}

/* By score ----------------------------------------------------------------------------------------
 */

typedef struct Scored {
        ChoiceScore score; /* first, for choice_compare() */
        const uint8_t *listed;
} Scored;

static const uint8_t *key_of(const uint8_t *listed) {
        return listed + 4;
}

const uint8_t **eligible_by_score(const uint8_t *list, size_t n, const Uuid *website,
                                  const uint8_t secret[static 32]) {
        size_t n_listed = n / ELIGIBLE_SIZE;
        _cleanup_free_ Scored *scored = calloc(n_listed + 1, sizeof(*scored));
        const uint8_t **ranked = calloc(n_listed + 1, sizeof(*ranked));
        HmacSha256 keyed;

        if (!scored || !ranked) {
                free(ranked);
                return NULL;
        }
        hmac_sha256_begin(&keyed, secret, 32);
        for (size_t i = 0; i < n_listed; i++) {
                scored[i].listed = list + i * ELIGIBLE_SIZE;
                choice_score(&keyed, website, key_of(scored[i].listed), &scored[i].score);
        }
        qsort(scored, n_listed, sizeof(*scored), choice_compare);
        for (size_t i = 0; i < n_listed; i++)
                ranked[i] = scored[i].listed;
        return ranked;
}

/* What is stored ----------------------------------------------------------------------------------
 */

static bool is_known(const EligibleStored *s, const uint8_t *digest, usec_t now) {
        for (size_t i = 0; i < ELIGIBLE_STORED_MAX; i++)
                if (s->items[i].at != 0 && now - s->items[i].at < ELIGIBLE_STORED_FOR &&
                    memcmp(s->items[i].digest, digest, SHA256_SIZE) == 0)
                        return true;
        return false;
}

bool eligible_must_store(EligibleStored *s, const uint8_t digest[static SHA256_SIZE], usec_t now) {
        if (is_known(s, digest, now))
                return false;
        memcpy(s->items[s->next].digest, digest, SHA256_SIZE);
        s->items[s->next].at = now;
        s->next = (s->next + 1) % ELIGIBLE_STORED_MAX;
        return true;
}
