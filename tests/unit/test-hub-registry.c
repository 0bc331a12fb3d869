/* Who is known, who is connected, whom committees are chosen from. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/prefix.h"
#include "hub/registry.h"
#include "hub/rules.h"
#include "store/validators.h"
#include "wire/target.h"

#define NOW (20000 * USEC_PER_DAY)

static struct sockaddr_storage address(const char *text) {
        struct sockaddr_storage a = { 0 };
        struct sockaddr_in *v4 = (struct sockaddr_in *)&a;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a;

        a.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
        assert_int_equal(inet_pton(a.ss_family, text,
                                   a.ss_family == AF_INET ? (void *)&v4->sin_addr
                                                          : (void *)&v6->sin6_addr),
                         1);
        return a;
}

static PublicKey key_of(uint32_t i) {
        PublicKey k = { .bytes = { 7 } };

        memcpy(k.bytes + 8, &i, sizeof(i));
        return k;
}

static Validator *put(Registry *r, uint32_t key, uint32_t id, Standing standing) {
        PublicKey k = key_of(key);
        Validator *v;

        v = registry_put(r, &(RegistryEntry){ .id = id,
                                              .key = k.bytes,
                                              .standing = standing,
                                              .name = "name",
                                              .operator_name = "operator",
                                              .region = "" });
        assert_non_null(v);
        return v;
}

static void connect_from(Registry *r, Validator *v, const char *text, usec_t now) {
        struct sockaddr_storage a = address(text);

        registry_connect(r, v, &a, now);
}

static void found_by_key_and_by_id(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        PublicKey k = key_of(3);
        Validator *v;

        assert_int_equal(registry_new(&r), 0);
        for (uint32_t i = 1; i <= 100; i++)
                put(r, i, 1000 + i, STANDING_APPROVED);
        v = registry_find(r, &k);
        assert_int_equal(v->id, 1003);
        assert_ptr_equal(registry_find_id(r, 1003), v);
        assert_null(registry_find_id(r, 0));
        assert_null(registry_find_id(r, 3));
        assert_int_equal(registry_count(r), 100);
        assert_ptr_equal(put(r, 3, 1003, STANDING_SUSPENDED), v); /* updated in place */
        assert_int_equal(registry_count(r), 100);
}

static void approval_gives_an_id(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        Validator *v;

        assert_int_equal(registry_new(&r), 0);
        v = put(r, 1, 0, STANDING_PENDING);
        put(r, 2, 0, STANDING_PENDING);
        assert_null(registry_find_id(r, 0)); /* no id is no one's id */
        assert_int_equal(registry_roster(r)->n, 0);
        assert_ptr_equal(put(r, 1, 5, STANDING_APPROVED), v);
        assert_ptr_equal(registry_find_id(r, 5), v);
        assert_int_equal(registry_roster(r)->n, 1);
        put(r, 1, 6, STANDING_APPROVED);
        assert_null(registry_find_id(r, 5));
        assert_ptr_equal(registry_find_id(r, 6), v);
}

static void the_roster_is_of_the_approved_by_id(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        const Roster *roster;

        assert_int_equal(registry_new(&r), 0);
        put(r, 1, 30, STANDING_APPROVED);
        put(r, 2, 10, STANDING_SUSPENDED);
        put(r, 3, 20, STANDING_APPROVED);
        put(r, 4, 5, STANDING_PENDING);
        roster = registry_roster(r);
        assert_int_equal(roster->n, 2);
        assert_non_null(roster->memo);
        assert_int_equal(roster->items[0].validator, 20);
        assert_int_equal(roster->items[1].validator, 30);
        assert_true(roster->items[0].operator_id != 0);
        assert_int_equal(roster->items[0].operator_id, roster->items[1].operator_id);
        assert_int_equal(roster->items[0].region, 0); /* not known */
}

static void check_roster(const Registry *r, const bool *approved, uint32_t n) {
        const Roster *roster = registry_roster(r);
        size_t found = 0;

        for (uint32_t id = 1; id < n; id++) {
                assert_int_equal(roster_find(roster, id) != NULL, approved[id]);
                found += approved[id];
        }
        assert_int_equal(roster->n, found);
        for (size_t i = 1; i < roster->n; i++)
                assert_true(roster->items[i - 1].validator < roster->items[i].validator);
}

static void the_roster_follows_every_change(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        bool approved[64] = { 0 };
        uint32_t x = 1;

        assert_int_equal(registry_new(&r), 0);
        for (unsigned i = 0; i < 2000; i++) {
                Validator *v;
                uint32_t id;

                x = x * 1664525 + 1013904223; /* any order, always the same */
                id = 1 + (x >> 16) % 63;
                approved[id] = x >> 31;
                v = put(r, id, id, approved[id] ? STANDING_APPROVED : STANDING_SUSPENDED);
                connect_from(r, v, "192.0.2.1", NOW + i);
                if (i % 97 == 0)
                        check_roster(r, approved, ELEMENTSOF(approved));
                if (approved[id])
                        assert_int_equal(roster_find(registry_roster(r), id)->connected_since,
                                         NOW + i);
        }
        check_roster(r, approved, ELEMENTSOF(approved));
}

static void pending_ones_are_forgotten_when_they_go(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        Validator *v, *known;
        PublicKey k = key_of(1);

        assert_int_equal(registry_new(&r), 0);
        v = put(r, 1, 0, STANDING_PENDING);
        known = put(r, 2, 2, STANDING_APPROVED);
        connect_from(r, v, "192.0.2.1", NOW);
        registry_disconnect(r, v, NOW + 1);
        assert_null(registry_find(r, &k));
        connect_from(r, known, "192.0.2.1", NOW);
        registry_disconnect(r, known, NOW + 1);
        assert_ptr_equal(registry_find_id(r, 2), known);
}

static void steady_is_who_stayed(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        Validator *v;

        assert_int_equal(registry_new(&r), 0);
        v = put(r, 1, 1, STANDING_APPROVED);
        connect_from(r, v, "192.0.2.1", NOW);
        assert_int_equal(registry_roster(r)->items[0].connected_since, NOW);
        registry_disconnect(r, v, NOW + CANDIDATE_STEADY - 1);
        assert_int_equal(registry_roster(r)->items[0].steady_until, 0);
        assert_int_equal(registry_roster(r)->items[0].connected_since, 0);
        connect_from(r, v, "192.0.2.1", NOW);
        registry_disconnect(r, v, NOW + CANDIDATE_STEADY);
        assert_int_equal(registry_roster(r)->items[0].steady_until, NOW + CANDIDATE_STEADY);
}

static bool near(Registry *r, const char *a, const char *b) {
        Validator *v = put(r, 1, 1, STANDING_APPROVED);
        uint64_t prefix, block;

        connect_from(r, v, a, NOW);
        prefix = v->prefix;
        block = v->block;
        connect_from(r, v, b, NOW);
        assert_true(prefix != block && v->prefix != v->block);
        assert_true(block == v->block || prefix != v->prefix);
        return prefix == v->prefix;
}

static void prefixes_are_24_and_48(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;

        assert_int_equal(registry_new(&r), 0);
        assert_true(near(r, "192.0.2.1", "192.0.2.200"));
        assert_false(near(r, "192.0.2.1", "192.0.3.1"));
        assert_true(near(r, "192.0.2.1", "::ffff:192.0.2.9"));
        assert_true(near(r, "2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert_false(near(r, "2001:db8:1::1", "2001:db8:2::1"));
}

static void few_strangers_of_a_prefix_may_wait(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        struct sockaddr_storage here = address("192.0.2.77"), there = address("198.51.100.1");

        assert_int_equal(registry_new(&r), 0);
        for (uint32_t i = 0; i < REGISTRY_PENDING_PREFIX_MAX; i++) {
                assert_int_equal(registry_admits_pending(r, &here), 0);
                connect_from(r, put(r, i, 0, STANDING_PENDING), "192.0.2.1", NOW);
        }
        assert_int_equal(registry_admits_pending(r, &here), -ENOBUFS);
        assert_int_equal(registry_admits_pending(r, &there), 0);
        put(r, 0, 1, STANDING_APPROVED);
        assert_int_equal(registry_admits_pending(r, &here), 0);
}

static void and_not_too_many_in_all(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        struct sockaddr_storage a = address("192.0.2.77");

        assert_int_equal(registry_new(&r), 0);
        for (uint32_t i = 0; i < REGISTRY_PENDING_MAX; i++)
                put(r, i, 0, STANDING_PENDING);
        assert_int_equal(registry_admits_pending(r, &a), -ENOBUFS);
}

static void the_third_takeover_in_ten_minutes_is_one_too_many(void **state _unused_) {
        Validator v = { 0 };

        assert_int_equal(registry_displaced(&v, NOW), 0);
        assert_int_equal(registry_displaced(&v, NOW + 5 * USEC_PER_MIN), 0);
        assert_int_equal(registry_displaced(&v, NOW + 11 * USEC_PER_MIN), 0);
        assert_int_equal(v.refused_until, 0);
        assert_int_equal(registry_displaced(&v, NOW + 14 * USEC_PER_MIN), 1);
        assert_int_equal(v.refused_until, NOW + 24 * USEC_PER_MIN);
        assert_int_equal(registry_displaced(&v, NOW + 25 * USEC_PER_MIN), 0); /* counted anew */
}

static void standings_have_names(void **state _unused_) {
        for (int i = 0; i < _STANDING_MAX; i++)
                assert_int_equal(standing_from_name(standing_name((Standing)i)), i);
        assert_int_equal(standing_from_name("other"), -EINVAL);
}

static void what_the_database_says(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        ValidatorRow row = { .id = 5,
                             .key = { 1 },
                             .name = "n",
                             .state = "suspended",
                             .operator_name = "o",
                             .region = "eu",
                             .capabilities = "http,smell,icmp,ipv6,",
                             .asn = 64500 };
        Validator *v;

        assert_int_equal(registry_new(&r), 0);
        v = registry_put_row(r, &row, NOW);
        assert_ptr_equal(registry_find_id(r, 5), v);
        assert_memory_equal(v->key.bytes, row.key, sizeof(row.key));
        assert_int_equal(v->abilities, 1u << CHECK_HTTP | 1u << CHECK_ICMP | ABILITY_IPV6);
        assert_int_equal(v->standing, STANDING_SUSPENDED);
        assert_string_equal(v->name, "n");
        assert_string_equal(v->operator_name, "o");
        assert_string_equal(v->region, "eu");
        assert_int_equal(v->asn, 64500);
        assert_true(v->steady_until == NOW);

        row.state = "of a later time";
        assert_ptr_equal(registry_put_row(r, &row, 0), v);
        assert_int_equal(v->standing, STANDING_PENDING);
        assert_true(v->steady_until == NOW);
}

/* A hub that starts again knows where its validators were before they are back. */
static void what_it_declares_goes_with_it(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        ValidatorRow row = { .id = 5,
                             .state = "approved",
                             .name = "n",
                             .operator_name = "",
                             .region = "eu",
                             .tags = "[\"ssd\",\"region=us\"]",
                             .capabilities = "" };
        const Candidate *c;

        assert_int_equal(registry_new(&r), 0);
        assert_non_null(registry_put_row(r, &row, NOW));
        c = registry_roster(r)->items;
        assert_int_equal(c->n_tags, 2);
        assert_true(c->tags[0] == text_id("ssd") && c->tags[1] == text_id("region=us"));
        assert_int_equal(c->region, (uint32_t)text_id("eu"));

        row.tags = "[]";
        assert_non_null(registry_put_row(r, &row, NOW));
        assert_int_equal(c->n_tags, 0);
        row.tags = "[\"a\"]";
        assert_non_null(registry_put_row(r, &row, NOW));
        assert_int_equal(c->n_tags, 1);
        row.tags = "[\"a\", 7]"; /* of no database of this one's */
        assert_non_null(registry_put_row(r, &row, NOW));
        assert_int_equal(c->n_tags, 0);
}

static void who_is_away_is_where_it_was(void **state _unused_) {
        _cleanup_(registry_freep) Registry *r = NULL;
        struct sockaddr_storage elsewhere;
        ValidatorRow row = { .id = 5,
                             .state = "approved",
                             .name = "n",
                             .operator_name = "",
                             .region = "",
                             .capabilities = "",
                             .address = "192.0.2.7" };
        Validator *v;

        assert_int_equal(registry_new(&r), 0);
        v = registry_put_row(r, &row, NOW);
        assert_int_equal(prefix_parse("192.0.2.200", &elsewhere), 0);
        assert_true(v->prefix == prefix_of(&elsewhere) && v->prefix != 0);
        assert_true(registry_roster(r)->items[0].block == prefix_block_of(&elsewhere));

        assert_int_equal(prefix_parse("2001:db8::1", &elsewhere), 0);
        registry_connect(r, v, &elsewhere, NOW);
        registry_put_row(r, &row, NOW);
        assert_true(v->prefix == prefix_of(&elsewhere));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(found_by_key_and_by_id),
                cmocka_unit_test(approval_gives_an_id),
                cmocka_unit_test(the_roster_is_of_the_approved_by_id),
                cmocka_unit_test(the_roster_follows_every_change),
                cmocka_unit_test(pending_ones_are_forgotten_when_they_go),
                cmocka_unit_test(steady_is_who_stayed),
                cmocka_unit_test(prefixes_are_24_and_48),
                cmocka_unit_test(few_strangers_of_a_prefix_may_wait),
                cmocka_unit_test(and_not_too_many_in_all),
                cmocka_unit_test(the_third_takeover_in_ten_minutes_is_one_too_many),
                cmocka_unit_test(standings_have_names),
                cmocka_unit_test(what_the_database_says),
                cmocka_unit_test(what_it_declares_goes_with_it),
                cmocka_unit_test(who_is_away_is_where_it_was),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
