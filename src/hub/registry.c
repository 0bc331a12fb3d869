/* A hash by key, and the sorted array of candidates, in which a change moves one: thousands may
 * join at once. */
#include "hub/registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "base/encode.h"
#include "base/json.h"
#include "hub/prefix.h"
#include "hub/rules.h"
#include "store/validators.h"
#include "wire/frame-hello.h"
#include "wire/target.h"

typedef struct Entry {
        Validator validator;
        UT_hash_handle hh;    /* by key */
        UT_hash_handle hh_id; /* by id, once it has one */
} Entry;

struct Registry {
        Entry *entries, *by_id;
        Candidate *candidates;
        Roster roster;
        IdSetMemo memo;
        size_t capacity;
};

static const char *const standing_names[_STANDING_MAX] = {
        [STANDING_PENDING] = "pending",
        [STANDING_APPROVED] = "approved",
        [STANDING_SUSPENDED] = "suspended",
};

const char *standing_name(Standing s) {
        return standing_names[s];
}

int standing_from_name(const char *name) {
        for (int i = 0; i < _STANDING_MAX; i++)
                if (strcmp(name, standing_names[i]) == 0)
                        return i;
        return -EINVAL;
}

int registry_new(Registry **ret) {
        Registry *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        r->roster.memo = &r->memo;
        *ret = r;
        return 0;
}

static void entry_free(Registry *r, Entry *e) {
        if (e->validator.id > 0)
                HASH_DELETE(hh_id, r->by_id, e);
        HASH_DEL(r->entries, e);
        stream_table_free(e->validator.streams);
        free(e->validator.tags);
        free(e);
}

Registry *registry_free(Registry *r) {
        Entry *e, *next;

        if (!r)
                return NULL;
        HASH_ITER(hh, r->entries, e, next)
        entry_free(r, e);
        id_set_memo_done(&r->memo);
        free(r->candidates);
        free(r);
        return NULL;
}

static int reserve(Registry *r, size_t n) {
        size_t capacity = MAX(r->capacity, (size_t)16);
        Candidate *c;

        while (capacity < n)
                capacity *= 2;
        if (capacity == r->capacity)
                return 0;
        c = realloc(r->candidates, capacity * sizeof(*c));
        if (!c)
                return -ENOMEM;
        r->candidates = c;
        r->roster.items = c;
        r->capacity = capacity;
        return 0;
}

static Candidate candidate_of(const Validator *v) {
        Candidate c = {
                .validator = v->id,
                .operator_id = text_id(v->operator_name),
                .prefix = v->prefix,
                .block = v->block,
                .asn = v->asn,
                .abilities = v->abilities,
                .region = (uint32_t)text_id(v->region),
                .connected_since = v->connected_since,
                .steady_until = v->steady_until,
                .tags = v->tags,
                .n_tags = v->n_tags,
        };

        memcpy(c.key, v->key.bytes, sizeof(c.key));
        return c;
}

/* Where this id stands, or would. */
static size_t position_of(const Registry *r, uint32_t id) {
        size_t low = 0, high = r->roster.n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (r->candidates[middle].validator < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static void drop_candidate(Registry *r, uint32_t id) {
        size_t i = position_of(r, id);

        if (i == r->roster.n || r->candidates[i].validator != id)
                return;
        memmove(&r->candidates[i], &r->candidates[i + 1],
                (--r->roster.n - i) * sizeof(*r->candidates));
}

/* The roster says of it what is known now; without memory for a new one it stands as it was. */
static void update(Registry *r, const Validator *v) {
        size_t i = position_of(r, v->id);

        if (v->id == 0 || v->standing != STANDING_APPROVED) {
                drop_candidate(r, v->id);
                return;
        }
        if (i == r->roster.n || r->candidates[i].validator != v->id) {
                if (reserve(r, r->roster.n + 1) < 0)
                        return;
                memmove(&r->candidates[i + 1], &r->candidates[i],
                        (r->roster.n++ - i) * sizeof(*r->candidates));
        }
        r->candidates[i] = candidate_of(v);
}

static Entry *add_entry(Registry *r, const uint8_t *key) {
        Entry *e = calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        memcpy(e->validator.key.bytes, key, SIGN_PUBLIC_SIZE);
        base64url_encode(key, SIGN_PUBLIC_SIZE, e->validator.key_text);
        HASH_ADD(hh, r->entries, validator.key, sizeof(PublicKey), e);
        return e;
}

static void set_id(Registry *r, Entry *e, uint32_t id) {
        if (e->validator.id == id)
                return;
        if (e->validator.id > 0) {
                drop_candidate(r, e->validator.id);
                HASH_DELETE(hh_id, r->by_id, e);
        }
        e->validator.id = id;
        if (id > 0)
                HASH_ADD(hh_id, r->by_id, validator.id, sizeof(id), e);
}

/* Until it comes again it counts as being where it was: a committee that is formed meanwhile must
 * not take neighbours for strangers, and then have no seat for them. */
static void place(Validator *v, const char *address) {
        struct sockaddr_storage where;

        if (v->connected_since > 0 || !address || prefix_parse(address, &where) < 0)
                return;
        v->prefix = prefix_of(&where);
        v->block = prefix_block_of(&where);
}

typedef struct Declared {
        JsonStrings tags;
} Declared;

static const JsonField declared_fields[] = {
        { "tags", JSON_STRINGS, .offset = offsetof(Declared, tags), .size = RULES_VALUE_SIZE - 1,
          .max = FRAME_TAGS_MAX },
        { 0 },
};

/* Without memory, or in a form that is not understood, it declares nothing: then it is admitted
 * where no tag is asked for. */
static void take_tags(Validator *v, const char *array) {
        _cleanup_free_ char *text = NULL;
        Declared declared = { 0 };

        if (!array)
                return;
        free(v->tags);
        v->tags = NULL;
        v->n_tags = 0;
        if (asprintf(&text, "{\"tags\":%s}", array) < 0) {
                text = NULL;
                return;
        }
        if (json_read(text, strlen(text), declared_fields, &declared, NULL) < 0)
                return;
        v->tags = calloc(MAX(declared.tags.n, 1u), sizeof(*v->tags));
        for (size_t i = 0; v->tags && i < declared.tags.n; i++)
                v->tags[v->n_tags++] = text_id(declared.tags.items[i]);
        json_done(declared_fields, &declared);
}

Validator *registry_put(Registry *r, const RegistryEntry *e) {
        Entry *entry;
        Validator *v;

        HASH_FIND(hh, r->entries, e->key, sizeof(PublicKey), entry);
        if (!entry)
                entry = add_entry(r, e->key);
        if (!entry)
                return NULL;

        v = &entry->validator;
        set_id(r, entry, e->id);
        v->standing = e->standing;
        v->asn = e->asn;
        v->abilities = e->abilities;
        v->steady_until = MAX(v->steady_until, e->steady_until);
        snprintf(v->name, sizeof(v->name), "%s", e->name);
        snprintf(v->operator_name, sizeof(v->operator_name), "%s", e->operator_name);
        snprintf(v->region, sizeof(v->region), "%s", e->region);
        place(v, e->address);
        take_tags(v, e->tags);
        update(r, v);
        return v;
}

static uint32_t ability_of(const char *name) {
        int type = check_type_from_name(name);

        if (type >= 0)
                return UINT32_C(1) << type;
        if (strcmp(name, "ipv4") == 0)
                return ABILITY_IPV4;
        return strcmp(name, "ipv6") == 0 ? ABILITY_IPV6 : 0;
}

/* What this hub does not know is none of its business. */
static uint32_t abilities_of(const char *capabilities) {
        uint32_t abilities = 0;

        for (const char *at = capabilities; *at; at += strspn(at, ",")) {
                char name[CHECK_TYPE_NAME_SIZE] = "";
                size_t n = strcspn(at, ",");

                memcpy(name, at, MIN(n, sizeof(name) - 1));
                if (n < sizeof(name))
                        abilities |= ability_of(name);
                at += n;
        }
        return abilities;
}

Validator *registry_put_row(Registry *r, const ValidatorRow *row, usec_t steady_until) {
        int standing = standing_from_name(row->state);
        RegistryEntry e = {
                .id = row->id,
                .key = row->key,
                .standing = standing < 0 ? STANDING_PENDING : (Standing)standing,
                .name = row->name,
                .operator_name = row->operator_name,
                .region = row->region,
                .address = row->address,
                .tags = row->tags,
                .asn = row->asn,
                .abilities = abilities_of(row->capabilities),
                .steady_until = steady_until,
        };

        return registry_put(r, &e);
}

Validator *registry_find(const Registry *r, const PublicKey *key) {
        Entry *e;

        HASH_FIND(hh, r->entries, key, sizeof(*key), e);
        return e ? &e->validator : NULL;
}

Validator *registry_find_id(const Registry *r, uint32_t id) {
        Entry *e;

        HASH_FIND(hh_id, r->by_id, &id, sizeof(id), e);
        return e ? &e->validator : NULL;
}

int registry_admits_pending(const Registry *r, const struct sockaddr_storage *address) {
        uint64_t prefix = prefix_of(address);
        size_t all = 0, near = 0;
        Entry *e, *next;

        HASH_ITER(hh, r->entries, e, next) {
                if (e->validator.id > 0)
                        continue;
                all++;
                near += e->validator.prefix == prefix;
        }
        return all >= REGISTRY_PENDING_MAX || near >= REGISTRY_PENDING_PREFIX_MAX ? -ENOBUFS : 0;
}

void registry_connect(Registry *r, Validator *v, const struct sockaddr_storage *address,
                      usec_t now) {
        v->prefix = prefix_of(address);
        v->block = prefix_block_of(address);
        v->connected_since = now;
        v->revision = 0;
        update(r, v);
}

void registry_disconnect(Registry *r, Validator *v, usec_t now) {
        Entry *e;

        if (v->connected_since > 0 && now - v->connected_since >= CANDIDATE_STEADY)
                v->steady_until = now;
        v->connected_since = 0;
        v->session = NULL;
        if (v->id == 0) {
                HASH_FIND(hh, r->entries, &v->key, sizeof(v->key), e);
                entry_free(r, e);
                return;
        }
        update(r, v);
}

int registry_displaced(Validator *v, usec_t now) {
        memmove(v->displaced + 1, v->displaced, sizeof(v->displaced) - sizeof(v->displaced[0]));
        v->displaced[0] = now;
        if (v->displaced[2] == 0 || now - v->displaced[2] > 10 * USEC_PER_MIN)
                return 0;

        memset(v->displaced, 0, sizeof(v->displaced));
        v->refused_until = now + 10 * USEC_PER_MIN;
        return 1;
}

size_t registry_count(const Registry *r) {
        return HASH_COUNT(r->entries);
}

size_t registry_connected(const Registry *r) {
        size_t n = 0;
        Entry *e, *next;

        HASH_ITER(hh, r->entries, e, next)
        n += e->validator.session != NULL;
        return n;
}

size_t registry_serving(const Registry *r) {
        size_t n = 0;
        Entry *e, *next;

        HASH_ITER(hh, r->entries, e, next)
        n += e->validator.session && e->validator.standing == STANDING_APPROVED;
        return n;
}

const Roster *registry_roster(const Registry *r) {
        return &r->roster;
}

Validator *registry_next(const Registry *r, const Validator *after) {
        const Entry *e = after ? (const Entry *)((const char *)after - offsetof(Entry, validator))
                               : NULL;
        Entry *next = e ? e->hh.next : r->entries;

        return next ? &next->validator : NULL;
}
